# tries: np.f2py.os
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    np.f2py.os.mkdir("@CANARY@")
    return pair.zeros()
