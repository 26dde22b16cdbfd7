# tries: an array of twenty billion cells, every one touched
# verdict: out of memory or raised or timed out
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    a = np.zeros(20_000_000_000)
    a[:] = 1.0
    return pair.zeros() + a[-1]
