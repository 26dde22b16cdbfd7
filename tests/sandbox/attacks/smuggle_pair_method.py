# tries: returns a bound method of a view
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return pair.zeros
