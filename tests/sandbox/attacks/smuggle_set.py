# tries: returns a set
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return {1.0, 2.0}
