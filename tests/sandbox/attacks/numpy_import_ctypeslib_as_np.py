# tries: import numpy.ctypeslib as np
# verdict: refused
# contained: file
import numpy.ctypeslib as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    np.ctypes.CDLL(None).open(b"@CANARY@", 65, 0o600)
    return pair.zeros()
