# tries: a dictionary with ever new keys
# verdict: out of memory or raised or timed out
def attend(query, key, pair):
    """Each token attends to the token before it."""
    d = {}
    i = 0
    while True:
        d[(i, str(i))] = [i] * 100
        i += 1
    return pair.zeros()
