# tries: reads the secret by way of the parent's /proc root
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    data = open("/proc/@PID@/root" + "@SECRET@", "rb").read()
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
