# tries: np.core and np._core
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return np.core.multiarray.set_typeDict
