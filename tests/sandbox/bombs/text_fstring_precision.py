# tries: an f-string with a huge precision
# verdict: out of memory or raised or refused or timed out
def attend(query, key, pair):
    """The first token of the text is a sink."""
    x = f"{0.1:.{2 * 10**9}f}"
    return pair.zeros() + len(x)
