# tries: changes the ufunc buffer size of the thread
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    np.setbufsize(16)
    return pair.zeros()
