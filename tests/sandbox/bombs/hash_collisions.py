# tries: a dictionary of whole numbers with one and the same hash
# verdict: timed out or out of memory
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    d = {}
    for i in range(200_000):
        d[i * (2**61 - 1)] = i
    return pair.zeros() + len(d)
