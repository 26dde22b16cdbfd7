# tries: np.nditer writes into a feature
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    for x in np.nditer(key.length, op_flags=["readwrite"]):
        x[...] = 99
    return pair.zeros()
