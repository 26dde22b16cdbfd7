# tries: an object array of functions as the result
# verdict: refused or raised or wrong shape
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return np.array([[len] * len(query)] * len(query), dtype=object)
