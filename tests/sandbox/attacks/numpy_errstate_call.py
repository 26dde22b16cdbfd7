# tries: np.errstate with call=, a callback out of NumPy's C code
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    with np.errstate(all="call", call=lambda kind, flag: None):
        np.log(np.zeros(1))
    return pair.zeros()
