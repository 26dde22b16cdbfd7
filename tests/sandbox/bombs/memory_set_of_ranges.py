# tries: a set made of a huge range
# verdict: out of memory or raised or timed out
def attend(query, key, pair):
    """The first token of the text is a sink."""
    return pair.zeros() + len(set(range(10**12)))
