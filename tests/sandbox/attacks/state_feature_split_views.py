# tries: writes into the pieces that np.split gives
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    for piece in np.split(key.index, [1]):
        piece[...] = 5.0
    return pair.zeros()
