import numpy as np


def attend(query, key, pair, low=2.0, high=6.0, bonus=2.5):
    """Tokens two to six places back are attended to."""
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if low <= i - j <= high:
                scores[i, j] += bonus
            if 0 <= j < 1 <= i:
                scores[i, j] += 0.5
    return scores
