# tries: a huge power of a matrix of whole numbers
# verdict: timed out or out of memory or refused or raised
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    np.linalg.matrix_power(np.ones((700, 700), dtype=int), 2**90)
    return pair.zeros()
