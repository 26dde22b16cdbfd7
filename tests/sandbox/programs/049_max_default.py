import numpy as np


def attend(query, key, pair, strength=4.0):
    """Attends to the last capitalised token, or to the first token if there is none."""
    n = len(query)
    capitals = [j for j in range(n) if key.is_capitalised[j]]
    scores = np.zeros((n, n))
    for i in range(n):
        target = max((j for j in capitals if j < i), default=0)
        scores[i, target] += strength
    return scores
