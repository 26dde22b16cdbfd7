# tries: deletes np.zeros
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    del np.zeros
    return pair.zeros()
