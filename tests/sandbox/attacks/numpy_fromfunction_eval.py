# tries: np.fromfunction calls a function
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    np.fromfunction(lambda i, j: open("@CANARY@", "w").fileno() * i, (2, 2))
    return pair.zeros()
