# tries: np.fromfile reads a file
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    data = np.fromfile("@SECRET@", dtype="uint8")
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
