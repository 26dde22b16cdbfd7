# tries: getattr with a plain string
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    getattr(np.zeros(1), "tofile")("@CANARY@")
    return pair.zeros()
