# tries: vars() of NumPy
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    vars(np)["savetxt"]("@CANARY@", [0.0])
    return pair.zeros()
