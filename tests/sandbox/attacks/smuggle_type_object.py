# tries: returns a type
# verdict: refused or raised or wrong shape
def attend(query, key, pair):
    """Each token attends to the token before it."""
    n = len(query)
    return float
