# tries: getattr through map
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    for f in map(getattr, [np.zeros(1)], ["tofile"]):
        f("@CANARY@")
    return pair.zeros()
