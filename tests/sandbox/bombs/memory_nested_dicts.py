# tries: dictionaries within dictionaries for ever
# verdict: out of memory or raised or timed out
def attend(query, key, pair):
    """All visible tokens count alike."""
    d = {}
    while True:
        d = {"a": d, "b": list(range(1000))}
    return pair.zeros()
