import numpy as np


def attend(query, key, pair, first=1.0, here=0.0):
    """Only two places are ever attended to: the first token and the token itself."""
    n = len(query)
    scores = np.full((n, n), -np.inf)
    scores[:, 0] = first
    for i in range(1, n):
        scores[i, i] = here
    return scores
