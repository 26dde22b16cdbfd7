# tries: np.copyto into a feature
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    np.copyto(key.is_comma, 5.0)
    return pair.zeros()
