# tries: np.memmap makes a file
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    m = np.memmap("@CANARY@", dtype="uint8", mode="w+", shape=(4,))
    m[0] = 1
    m.flush()
    return pair.zeros()
