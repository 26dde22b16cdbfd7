# tries: an outer product of two hundred thousand by as many
# verdict: out of memory or raised or timed out
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    a = np.arange(200_000.0)
    return pair.zeros() + np.outer(a, a)[-1, -1]
