# tries: a convolution of two arrays of two million numbers, without a Fourier transform
# verdict: timed out or refused or raised
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    a = np.ones(2_000_000)
    np.convolve(a, a)
    return pair.zeros()
