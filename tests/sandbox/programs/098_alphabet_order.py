import numpy as np


def attend(query, key, pair, order=0.2, sink=2.0):
    """A control hypothesis that should fail: tokens attend to neighbours in the alphabet."""
    codes = [ord(t[0].lower()) if t else 0 for t in query.text]
    n = len(codes)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            scores[i, j] = -order * min(abs(codes[i] - codes[j]), 25)
    scores[:, 0] += sink
    return scores
