# tries: base of a feature leads to the writable array below
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    below = key.is_comma.base
    below[...] = 5.0
    return pair.zeros()
