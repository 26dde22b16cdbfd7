import numpy as np


def attend(query, key, pair, strength=3.0):
    """All tokens but the first look at the first and at the last one seen."""
    first, *rest = query.text
    n = 1 + len(rest)
    padded = ["", *query.text]
    scores = np.zeros((n, n))
    for i in range(n):
        scores[i, 0] += strength if padded[i + 1] != first else strength / 2
        scores[i, i] += strength / 2
    return scores
