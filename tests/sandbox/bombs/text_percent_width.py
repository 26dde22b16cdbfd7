# tries: percent formatting with a huge width
# verdict: out of memory or raised or refused or timed out
def attend(query, key, pair):
    """Commas are resting places."""
    x = "%*d" % (2**31 - 2, 1) * 50
    return pair.zeros() + len(x)
