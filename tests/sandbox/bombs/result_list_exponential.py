# tries: returns lists within lists, two to the power of sixty leaves that share memory
# verdict: wrong shape or out of memory or raised or timed out
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    x = [0.0, 0.0]
    for _ in range(60):
        x = [x, x]
    return x
