# tries: returns a billion cells that were never touched
# verdict: wrong shape or out of memory or raised
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return np.zeros((1000, 1000, 1000))
