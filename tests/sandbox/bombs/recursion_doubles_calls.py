# tries: a helper that calls itself twice, two to the power of sixty calls at a small depth
# verdict: timed out or refused
def grow(x):
    return 0 if x == 0 else grow(x - 1) + grow(x - 1)


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return pair.zeros() + grow(60)
