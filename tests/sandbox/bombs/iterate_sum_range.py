# tries: the sum of a million million numbers within one call
# verdict: timed out
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return pair.zeros() + sum(range(10**12))
