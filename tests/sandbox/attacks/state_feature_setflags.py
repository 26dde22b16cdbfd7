# tries: makes a feature writable and writes
# verdict: refused or raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    key.is_comma.setflags(write=True)
    key.is_comma[0] = 5.0
    return pair.zeros()
