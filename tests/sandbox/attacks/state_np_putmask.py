# tries: np.putmask into a feature
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    np.putmask(key.length, key.length > 0, 0)
    return pair.zeros()
