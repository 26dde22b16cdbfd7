# tries: old pickling doors of NumPy
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    np.loads(b"x")
    return pair.zeros()
