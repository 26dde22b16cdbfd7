# tries: np.fromregex reads a file
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    rows = np.fromregex("@SECRET@", r"(.)", [("c", "U1")])
    data = [ord(c) % 256 for c in rows["c"].tolist()]
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
