# tries: the array method tofile
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    np.zeros(3).tofile("@CANARY@")
    return pair.zeros()
