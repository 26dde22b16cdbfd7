# tries: the buffer of an array
# verdict: refused or raised
def attend(query, key, pair):
    """Each token attends to the token before it."""
    view = pair.zeros().data
    view[0, 0] = 1.0
    return pair.zeros()
