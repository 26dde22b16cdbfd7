import numpy as np


def attend(query, key, pair, rate=0.5, scale=4.0):
    """Attention falls off as the exponential of the distance."""
    n = len(query)
    idx = np.arange(n)
    dist = np.abs(np.subtract.outer(idx, idx))
    return scale * np.exp(-rate * dist)
