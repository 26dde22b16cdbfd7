# tries: writes into atleast_2d, squeeze, expand_dims, broadcast_to, moveaxis and diagonal of features
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    for view in (np.atleast_2d(key.index), np.squeeze(key.index), np.expand_dims(key.index, 0), np.transpose(pair.distance)):
        view[...] = 5.0
    return pair.zeros()
