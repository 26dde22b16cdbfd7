# tries: cumsum with out= as a method and as a function
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    key.length.cumsum(out=key.length)
    np.cumsum(key.length, out=key.length)
    return pair.zeros()
