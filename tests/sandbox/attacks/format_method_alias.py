# tries: the format method kept in a local name
# verdict: refused or raised
def attend(query, key, pair):
    """Commas are resting places."""
    f = "{0.zeros.__globals__[np]}".format
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(f(pair).encode())[: n * n]):
        scores[place // n, place % n] = byte
    return scores
