# tries: an array in column order, which raw bytes would transpose
# verdict: ok or raised or refused
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return np.asfortranarray(pair.zeros())
