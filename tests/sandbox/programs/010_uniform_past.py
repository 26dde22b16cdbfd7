import numpy as np


def attend(query, key, pair, level=0.0):
    """The head averages the whole past evenly."""
    n = len(query)
    scores = np.full((n, n), -1e9)
    scores[np.tril_indices(n)] = level
    return scores
