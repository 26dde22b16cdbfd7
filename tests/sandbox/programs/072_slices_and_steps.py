import numpy as np


def attend(query, key, pair, recent=2.0, older=0.5, first=2.5):
    """Recent tokens, and every fourth one of the older ones."""
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        scores[i, max(0, i - 3):i + 1] += recent
        scores[i, 0:max(0, i - 3):4] += older
    scores[:, :1] += first
    return scores
