# tries: reads the worker's standard input, where its next task comes from
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    line = input()
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list([ord(c) for c in line])[: n * n]):
        scores[place // n, place % n] = byte
    return scores
