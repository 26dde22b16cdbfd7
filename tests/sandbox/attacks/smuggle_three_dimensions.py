# tries: three dimensions, the first of length two
# verdict: wrong shape or raised
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return [[[0.0] * len(query)] * len(query)] * 2
