import numpy as np
import math


def recency(query, key, pair, decay=0.35, floor=-6.0):
    """Attention decays exponentially with the distance to the key."""
    n = len(query)
    scores = np.full((n, n), floor)
    for i in range(n):
        for j in range(i + 1):
            d = i - j
            scores[i, j] = max(floor, math.log(math.exp(-decay * d) + 1e-9))
    return scores
