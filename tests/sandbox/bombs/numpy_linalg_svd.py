# tries: a single singular value decomposition of a large matrix
# verdict: timed out or out of memory or refused or raised
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    n = 5000
    a = np.cos(np.outer(np.arange(n), np.arange(n)))
    u, s, v = np.linalg.svd(a)
    return pair.zeros()
