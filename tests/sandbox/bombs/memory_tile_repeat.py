# tries: np.tile and np.repeat of a little into a lot
# verdict: out of memory or raised or timed out
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    return pair.zeros() + np.repeat(np.tile(np.arange(1000.0), 10**5), 1000)[0]
