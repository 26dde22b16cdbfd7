# tries: a with statement that binds a guard
# verdict: refused
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    with np.errstate() as _getattr_:
        pass
    return pair.zeros()
