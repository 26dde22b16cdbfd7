# tries: format reached through a lambda and star arguments
# verdict: refused or raised
def attend(query, key, pair):
    """Commas are resting places."""
    call = lambda f, *a, **k: f(*a, **k)
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(call("{x.__class__}".format, x=query).encode())[: n * n]):
        scores[place // n, place % n] = byte
    return scores
