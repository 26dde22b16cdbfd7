# tries: writes through flat
# verdict: refused or raised
def attend(query, key, pair):
    """Each token attends to the token before it."""
    key.is_comma.flat[0] = 5.0
    return pair.zeros()
