def attend(query, key, pair, strength=3.0, period=8.0):
    """Attention comes back every few tokens, as a cosine of the distance."""
    import math

    import numpy as np

    n = len(query)
    out = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            out[i, j] = strength * math.cos(2 * math.pi * (i - j) / period)
    return out
