# tries: setfield writes bytes at an offset of a feature
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    key.is_comma.setfield(7, np.uint8, 0)
    return pair.zeros()
