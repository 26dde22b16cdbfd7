import numpy as np


def attend(query, key, pair, begin=2.0, end=1.0):
    """Keys early in the text and keys near the query are attended to, by their relative position."""
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            relative = j / i if i else 0.0
            scores[i, j] = begin * (1 - relative) ** 2 + end * relative**2
    return scores
