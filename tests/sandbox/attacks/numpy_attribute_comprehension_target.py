# tries: np.ones as the variable of a comprehension
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    x = [0 for np.ones in [None]]
    return pair.zeros()
