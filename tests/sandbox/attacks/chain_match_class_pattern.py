# tries: attribute access hidden in a match statement's class pattern
# verdict: refused
# contained: file
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    match np.zeros(1):
        case np.ndarray(tofile=write):
            write("@CANARY@")
    return pair.zeros()
