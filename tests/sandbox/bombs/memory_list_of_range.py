# tries: a list made of a huge range
# verdict: out of memory or raised or timed out
def attend(query, key, pair):
    """Commas are resting places."""
    return pair.zeros() + len(list(range(10**12)))
