# tries: doubles a string for ever
# verdict: out of memory or raised or timed out
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    x = "a"
    while True:
        x += x
    return pair.zeros()
