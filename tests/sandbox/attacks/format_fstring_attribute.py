# tries: attributes inside an f-string
# verdict: refused
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    text = f"{query.__class__.__mro__}"
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(text.encode())[: n * n]):
        scores[place // n, place % n] = byte
    return scores
