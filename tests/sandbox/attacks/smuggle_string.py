# tries: returns a string of digits
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Each token attends to the token before it."""
    n = len(query)
    return "1.0"
