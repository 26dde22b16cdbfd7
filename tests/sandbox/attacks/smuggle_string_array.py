# tries: an array of strings
# verdict: raised or wrong shape
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return np.array([["1.0"] * len(query)] * len(query))
