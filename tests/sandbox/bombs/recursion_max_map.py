# tries: recursion through map, max and sum
# verdict: raised or crashed
def rank(x):
    return max(map(rank, [x]), key=rank)


def attend(query, key, pair):
    """Commas are resting places."""
    return pair.zeros() + rank(1)
