# tries: from numpy import *
# verdict: refused
# contained: file
from numpy import *


def attend(query, key, pair):
    """Each token attends to the token before it."""
    savetxt("@CANARY@", [0.0])
    return pair.zeros()
