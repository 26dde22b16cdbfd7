# tries: the module calls its own function while it is loaded
# verdict: refused or raised
def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros()


attend(open, open, open)
