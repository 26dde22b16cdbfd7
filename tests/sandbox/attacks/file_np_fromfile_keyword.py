# tries: np.fromfile with the path as a keyword and a lambda in between
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    read = lambda **k: np.fromfile(**k)
    data = read(file="@SECRET@", dtype=np.uint8)
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
