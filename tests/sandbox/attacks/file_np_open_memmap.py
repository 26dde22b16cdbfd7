# tries: np.lib.format.open_memmap makes a file
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    np.lib.format.open_memmap("@CANARY@", mode="w+", shape=(2,))
    return pair.zeros()
