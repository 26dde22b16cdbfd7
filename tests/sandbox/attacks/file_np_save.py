# tries: np.save writes an array
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    np.save(open("@CANARY@", "wb"), pair.zeros())
    return pair.zeros()
