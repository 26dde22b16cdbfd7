# tries: np.nan_to_num in place on a feature
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    np.nan_to_num(key.length, copy=False, nan=5.0)
    return pair.zeros()
