# tries: odd literals: underscores, hexadecimal floats by name, ellipsis
# verdict: ok or refused
def attend(query, key, pair):
    """Commas are resting places."""
    x = 1_000 + 0x10 + 0b1 + 0o7
    y = ...
    return pair.zeros() + x
