# tries: recursion through the key of sorted, by way of C code
# verdict: raised or crashed
def rank(x):
    return sorted([x, x], key=rank)


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return pair.zeros() + rank(1)[0]
