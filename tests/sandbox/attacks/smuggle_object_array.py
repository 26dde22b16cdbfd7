# tries: an object array whose items are views
# verdict: raised or wrong shape or refused
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    a = np.empty((len(query), len(query)), dtype=object)
    a[:] = query
    return a
