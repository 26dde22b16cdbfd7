# tries: import numpy.f2py as np
# verdict: refused
# contained: file
import numpy.f2py as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    np.os.mkdir("@CANARY@")
    return pair.zeros()
