# tries: np.vectorize calls getattr
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    f = np.vectorize(getattr, otypes="O")
    f(np, "savetxt")[()]("@CANARY@", [0.0])
    return pair.zeros()
