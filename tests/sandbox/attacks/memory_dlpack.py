# tries: DLPack capsules of a feature
# verdict: refused
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    np.from_dlpack(key.index)[0] = 9
    return key.index.__dlpack__()
