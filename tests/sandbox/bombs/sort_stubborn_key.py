# tries: a sort whose key works for a second each time
# verdict: timed out
def slow(x):
    return sum(range(50_000_000)) + x


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros() + sorted(range(1000), key=slow)[0]
