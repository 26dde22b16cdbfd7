# tries: an f-string with a huge width
# verdict: out of memory or raised or refused
def attend(query, key, pair):
    """Each token attends to the token before it."""
    x = f"{1:>{10**11}}"
    return pair.zeros() + len(x)
