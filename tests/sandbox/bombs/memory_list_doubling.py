# tries: doubles a list for ever
# verdict: out of memory or raised or timed out
def attend(query, key, pair):
    """All visible tokens count alike."""
    x = [0]
    while True:
        x = x + x
    return pair.zeros()
