# tries: percent formatting with mappings and repr
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Each token attends to the token before it."""
    text = "%(q)r %(q)s" % {"q": query}
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(text.encode())[: n * n]):
        scores[place // n, place % n] = byte
    return scores
