# tries: np.frompyfunc makes a ufunc of open
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    np.frompyfunc(open, 2, 1)("@CANARY@", "w")
    return pair.zeros()
