# tries: writes into np.asarray of a feature
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    a = np.asarray(key.is_comma)
    a[...] = 5.0
    return pair.zeros()
