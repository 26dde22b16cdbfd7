import numpy as np


def attend(query, key, pair, top=3.0, strength=2.0):
    """The three longest tokens seen so far share the attention."""
    n = len(query)
    lengths = np.array([len(t) for t in key.text])
    scores = np.zeros((n, n))
    for i in range(n):
        order = np.argsort(-lengths[: i + 1], kind="stable")
        for j in order[: int(top)]:
            scores[i, j] += strength
    return scores
