# tries: a constant called _getattr_
# verdict: refused
def attend(query, key, pair, _getattr_=1.0):
    """Each token attends to the token before it."""
    return pair.zeros()
