# tries: long doubles
# verdict: raised or wrong shape or refused or ok
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return np.zeros((len(query), len(query)), dtype=np.longdouble)
