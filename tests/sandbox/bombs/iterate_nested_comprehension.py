# tries: four comprehensions deep
# verdict: timed out or out of memory
def attend(query, key, pair):
    """All visible tokens count alike."""
    n = 100_000
    return pair.zeros() + sum(1 for a in range(n) for b in range(n) for c in range(n) for d in range(n))
