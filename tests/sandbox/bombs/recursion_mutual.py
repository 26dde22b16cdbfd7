# tries: two helpers that call each other
# verdict: raised or crashed
def even(x):
    return odd(x + 1)


def odd(x):
    return even(x + 1)


def attend(query, key, pair):
    """All visible tokens count alike."""
    return pair.zeros() + even(0)
