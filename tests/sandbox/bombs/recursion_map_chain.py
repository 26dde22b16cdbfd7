# tries: an iterator made of two hundred thousand maps, one above the other
# verdict: raised or crashed or ok or timed out
def attend(query, key, pair):
    """Each token attends to the token before it."""
    x = [1.0]
    for _ in range(200_000):
        x = map(float, x)
    return pair.zeros() + sum(x)
