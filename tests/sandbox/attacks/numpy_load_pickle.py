# tries: np.load of a pickle from memory
# verdict: refused or raised
# contained: file
import io
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    np.load(io.BytesIO(b"cposix\nmkdir\n(V@CANARY@\ntR."), allow_pickle=True)
    return pair.zeros()
