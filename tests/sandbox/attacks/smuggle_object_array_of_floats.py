# tries: an object array of honest floats
# verdict: raised or wrong shape or refused or ok
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return np.array([[0.0] * len(query)] * len(query), dtype="object")
