# tries: returns a function
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Each token attends to the token before it."""
    return lambda: pair
