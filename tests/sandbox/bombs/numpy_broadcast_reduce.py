# tries: a sum over a broadcast array of 10**13 cells that takes no memory
# verdict: timed out or out of memory or refused or raised
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    a = np.broadcast_to(np.zeros(1), (10**13,))
    return pair.zeros() + np.sum(a)
