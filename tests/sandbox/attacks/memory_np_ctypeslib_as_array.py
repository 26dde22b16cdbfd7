# tries: an array over foreign memory
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return np.ctypeslib.as_array(np.ctypeslib.as_ctypes(np.arange(4)))
