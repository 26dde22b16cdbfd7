# tries: ctypes through the ctypes attribute of an array
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    np.zeros(2).ctypes._ctypes.CDLL(None).open(b"@CANARY@", 65, 0o600)
    return pair.zeros()
