# tries: raise … from a function
# verdict: refused or raised
def attend(query, key, pair):
    """Each token attends to the token before it."""
    raise ValueError("x") from len
    return pair.zeros()
