# tries: np.linalg.norm = something else
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    np.linalg.norm = lambda *a, **k: 0.0
    return pair.zeros()
