# tries: returns a list of lists of functions
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Each token attends to the token before it."""
    return [[abs] * len(query)] * len(query)
