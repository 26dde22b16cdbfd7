# tries: the third positional argument of a ufunc is its output
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    np.multiply(key.length, 0.0, key.length)
    return pair.zeros()
