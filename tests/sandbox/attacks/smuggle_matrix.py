# tries: np.matrix, whose product and shape differ
# verdict: raised or wrong shape or refused or ok
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    return np.matrix(pair.zeros())
