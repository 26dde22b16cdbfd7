import numpy as np


def attend(query, key, pair, strength=3.0):
    """Diagonal attention with a little smoothing to either side."""
    n = len(query)
    scores = np.eye(n) * strength + np.eye(n, k=-1) * (strength / 2)
    assert scores.shape == (n, n), f"expected {n} rows, got {scores.shape}"
    return scores
