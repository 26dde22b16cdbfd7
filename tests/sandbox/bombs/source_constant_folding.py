# tries: constant expressions that are costly to fold when compiled
# verdict: refused or raised or out of memory or timed out
def attend(query, key, pair):
    """Commas are resting places."""
    x = ((2 ** 127) ** 127 % 7) + len("x" * 4096 * 4096 * 4096)
    return pair.zeros() + x
