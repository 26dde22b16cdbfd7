# tries: booleans as scores
# verdict: ok or raised
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return np.zeros((len(query), len(query)), dtype=bool)
