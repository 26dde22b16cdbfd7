# tries: a set of floats and whole numbers with the same hash
# verdict: timed out or out of memory
def attend(query, key, pair):
    """All visible tokens count alike."""
    s = set()
    for i in range(200_000):
        s.add((2**61 - 1) * i + 7)
    return pair.zeros() + len(s)
