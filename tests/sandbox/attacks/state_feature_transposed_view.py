# tries: writes into the transposed view of a feature
# verdict: refused or raised
def attend(query, key, pair):
    """Commas are resting places."""
    pair.same_token.T[0, 0] = 5.0
    return pair.zeros()
