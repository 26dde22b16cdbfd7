# tries: raises things that are no exceptions
# verdict: refused or raised
def attend(query, key, pair):
    """Each token attends to the token before it."""
    raise "text"
    return pair.zeros()
