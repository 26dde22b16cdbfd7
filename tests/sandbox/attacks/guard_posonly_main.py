# tries: the main function's own parameters are positional-only
# verdict: refused
def attend(query, key, pair, /):
    """Each token attends to the token before it."""
    return pair.zeros()
