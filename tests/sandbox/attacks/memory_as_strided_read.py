# tries: reads past the end of an array
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    return np.lib.stride_tricks.as_strided(np.zeros(1), (1000, 1000), (8000, 8))
