# tries: the array method dump, which pickles
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    np.arange(3).dump("@CANARY@")
    return pair.zeros()
