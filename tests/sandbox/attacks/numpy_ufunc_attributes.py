# tries: attributes of ufuncs: types, resolve_dtypes, at, reduceat
# verdict: refused or raised or wrong shape
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    np.add.at(key.is_comma, [0], 5.0)
    return np.add.types
