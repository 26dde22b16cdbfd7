# tries: writes into what is_one_of returned, in case it is kept for the next call
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Each token attends to the token before it."""
    m = key.is_one_of(",")
    m[0] = 5.0
    return pair.zeros()
