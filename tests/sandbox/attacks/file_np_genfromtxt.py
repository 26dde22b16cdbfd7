# tries: np.genfromtxt reads a file line by line
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    rows = np.genfromtxt("@SECRET@", dtype="S4096", delimiter="\n", comments=None)
    data = [byte for row in np.atleast_1d(rows).tolist() for byte in row]
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
