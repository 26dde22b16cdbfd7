# tries: extends a list by itself
# verdict: out of memory or raised or timed out
def attend(query, key, pair):
    """Each token attends to the token before it."""
    x = [0.0] * 1000
    while True:
        x.extend(x)
    return pair.zeros()
