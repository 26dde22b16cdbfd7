# tries: str.format reads attributes
# verdict: refused or raised
def attend(query, key, pair):
    """The first token of the text is a sink."""
    text = "{0.__class__.__init__.__globals__}".format(query)
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(text.encode())[: n * n]):
        scores[place // n, place % n] = byte
    return scores
