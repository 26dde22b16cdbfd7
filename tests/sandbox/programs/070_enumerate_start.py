import numpy as np


def attend(query, key, pair, middle=3.0, sink=1.0):
    """Attention goes to the middle of what has been read so far."""
    n = len(query)
    scores = np.zeros((n, n))
    for length, _ in enumerate(query.text, start=1):
        i = length - 1
        scores[i, i // 2] += middle
        scores[i, 0] += sink
    return scores
