# tries: turns integers into objects with view
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return np.full((2, 2), 4096, dtype=np.int64).view("O")
