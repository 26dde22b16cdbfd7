# tries: a lone surrogate within a string literal and a byte order mark
# verdict: ok or raised or refused
def attend(query, key, pair):
    """Each token attends to the token before it."""
    text = "\ud800\ufeff"
    return pair.zeros()
