# tries: writes into a ravelled feature, which may be a view
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    r = np.ravel(key.length)
    r[0] = 5.0
    return pair.zeros()
