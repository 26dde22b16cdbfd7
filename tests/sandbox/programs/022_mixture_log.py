import numpy as np


def attend(query, key, pair, a=0.6, b=0.3, c=0.1):
    """A mixture of three habits: the previous token, the first token, and all the past evenly."""
    n = len(query)
    eps = 1e-6
    uniform = np.tril(np.ones((n, n)))
    uniform /= uniform.sum(axis=-1, keepdims=True)
    previous = np.eye(n, k=-1)
    previous[0, 0] = 1.0
    first = np.zeros((n, n))
    first[:, 0] = 1.0
    mix = abs(a) * previous + abs(b) * first + abs(c) * uniform
    return np.log(mix + eps)
