# tries: __debug__ as a name
# verdict: refused or ok
def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros() if __debug__ else None
