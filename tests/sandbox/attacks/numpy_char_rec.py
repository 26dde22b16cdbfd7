# tries: np.char and np.rec modules
# verdict: refused or raised or wrong shape
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    return np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
