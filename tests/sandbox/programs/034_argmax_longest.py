import numpy as np


def attend(query, key, pair, focus=5.0, sink=2.0):
    """Each token attends to the longest word seen so far."""
    n = len(query)
    lengths = np.array([len(t) for t in key.text])
    scores = np.zeros((n, n))
    for i in range(n):
        best = int(np.argmax(lengths[: i + 1]))
        scores[i, best] += focus
        scores[i, 0] += sink
    return scores
