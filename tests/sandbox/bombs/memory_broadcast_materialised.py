# tries: a broadcast of three long axes, added up into a real array
# verdict: out of memory or raised or timed out
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    a = np.arange(5000.0)
    return pair.zeros() + (a[:, None, None] + a[None, :, None] + a[None, None, :])[0, 0, 0]
