# tries: np.exp within a tuple of targets
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    x, (np.exp, *np.log) = 1, (2, 3, 4)
    return pair.zeros()
