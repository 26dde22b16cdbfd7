# tries: ctypes through np.ctypeslib
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    np.ctypeslib.ctypes.CDLL(None).open(b"@CANARY@", 65, 0o600)
    return pair.zeros()
