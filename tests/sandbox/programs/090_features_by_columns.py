import numpy as np


def attend(query, key, pair, comma_weight=2.0, length_weight=0.2, sink=3.0):
    """Commas after long words: features turned into plain arrays and broadcast by hand."""
    n = len(query)
    comma = np.array([float(key.is_comma[j]) for j in range(n)])
    length = np.array([float(query.length[i]) for i in range(n)])
    scores = comma_weight * comma[None, :] + length_weight * length[:, None] * comma[None, :]
    scores = scores + np.zeros((n, n))
    scores[:, 0] += sink
    return scores
