# tries: CVE-2026-76825: str.format through the class
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    text = str.format("{0.__class__.__mro__}", key)
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(text.encode())[: n * n]):
        scores[place // n, place % n] = byte
    return scores
