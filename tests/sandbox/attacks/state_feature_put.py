# tries: the put method of a feature
# verdict: refused or raised
def attend(query, key, pair):
    """Each token attends to the token before it."""
    key.index.put([0], [5.0])
    return pair.zeros()
