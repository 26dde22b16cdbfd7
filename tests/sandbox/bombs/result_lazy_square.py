# tries: returns a lazily allocated square of thirty thousand
# verdict: wrong shape or out of memory or raised
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return np.zeros((30_000, 30_000))
