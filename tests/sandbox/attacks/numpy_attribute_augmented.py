# tries: augmented assignment to an attribute of np
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    np.pi += 1.0
    math_pi = np.pi
    return pair.zeros()
