# tries: pow with huge arguments
# verdict: timed out or out of memory or raised or refused
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    x = pow(7, 7**12)
    return pair.zeros() + x % 5
