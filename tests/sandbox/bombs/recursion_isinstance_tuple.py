# tries: isinstance with a tuple of types nested a hundred thousand deep
# verdict: raised or crashed or refused or ok
def attend(query, key, pair):
    """All visible tokens count alike."""
    x = (str,)
    for _ in range(100_000):
        x = (x,)
    return pair.zeros() + isinstance(1, x)
