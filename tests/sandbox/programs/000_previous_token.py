import numpy as np


def attend(query, key, pair, strength=6.0, sink=2.0):
    """Each token attends to the token directly before it; the first token attends to itself."""
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        if i == 0:
            scores[i, 0] = strength
        else:
            scores[i, i - 1] += strength
            scores[i, 0] += sink
    return scores
