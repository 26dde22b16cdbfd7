# tries: str.format as the key of sorted
# verdict: refused or raised
def attend(query, key, pair):
    """Each token attends to the token before it."""
    sorted(["{0.__class__}", "{0}"], key=str.format)
    return pair.zeros()
