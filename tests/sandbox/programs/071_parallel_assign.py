import numpy as np


def attend(query, key, pair, alternate=2.0, base=1.0):
    """Even positions attend to even ones and odd ones to odd ones."""
    n = len(query)
    scores = np.ones((n, n)) * base
    a, b = 0, 1
    for i in range(n):
        scores[i, a::2] += alternate
        a, b = b, a
    return scores
