# tries: the contextlib and os that NumPy's testing tools import
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    np.testing._private.utils.os.mkdir("@CANARY@")
    return pair.zeros()
