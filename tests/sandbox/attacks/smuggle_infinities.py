# tries: plus infinity in every cell, and NaN by their difference on the diagonal
# verdict: ok or raised
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return pair.zeros() + float("inf")
