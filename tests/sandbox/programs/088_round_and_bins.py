import numpy as np
import math


def bucket(distance: int) -> int:
    """Buckets of distance that double in width, as relative position biases have them."""
    return int(round(math.log2(distance + 1)))


def attend(query, key, pair, b0=3.0, b1=2.0, b2=1.2, b3=0.6, b4=0.0):
    """A learnt bias for each bucket of distance."""
    biases = [b0, b1, b2, b3, b4]
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            scores[i, j] = biases[min(bucket(i - j), len(biases) - 1)]
    return scores
