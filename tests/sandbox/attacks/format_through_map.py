# tries: CVE-2026-76825: str.format through map
# verdict: refused or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    text = list(map(str.format, ["{0.__class__.__init__}"], [pair]))[0]
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(text.encode())[: n * n]):
        scores[place // n, place % n] = byte
    return scores
