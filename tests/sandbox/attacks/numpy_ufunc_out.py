# tries: out= of a ufunc into a feature
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    np.add(key.is_comma, 1.0, out=key.is_comma)
    return pair.zeros()
