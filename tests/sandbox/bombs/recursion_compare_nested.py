# tries: compares two lists nested a hundred thousand deep
# verdict: raised or crashed or ok
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    x, y = [], []
    for _ in range(100_000):
        x, y = [x], [y]
    return pair.zeros() + (1.0 if x == y else 0.0)
