# tries: 10 to the power of 10**9
# verdict: timed out or out of memory or raised or refused
def attend(query, key, pair):
    """The first token of the text is a sink."""
    x = 10 ** 10**9
    return pair.zeros() + x % 7
