# tries: copies a growing tuple for every item by star unpacking
# verdict: timed out or out of memory
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    x = ()
    for i in range(2_000_000):
        x = (*x, i)
    return pair.zeros() + len(x)
