# tries: np.put_along_axis into a feature
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    np.put_along_axis(key.length, np.array([0]), 5.0, 0)
    return pair.zeros()
