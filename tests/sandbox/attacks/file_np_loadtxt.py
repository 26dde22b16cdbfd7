# tries: np.loadtxt reads a file as strings
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    rows = np.loadtxt("@SECRET@", dtype="U4096", delimiter="\x00", comments=None, ndmin=1)
    data = [ord(ch) % 256 for row in rows.tolist() for ch in row]
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
