# tries: writes into np.array(…, copy=False) of a feature
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    a = np.array(pair.distance, copy=False)
    a[...] = 5.0
    return pair.zeros()
