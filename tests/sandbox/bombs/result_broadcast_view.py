# tries: returns a view of 10**12 cells over a single number
# verdict: wrong shape or out of memory or raised or refused
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    return np.broadcast_to(np.zeros(1), (10**6, 10**6))
