# tries: a writable sliding window over a feature
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    w = np.lib.stride_tricks.sliding_window_view(key.index, 1, writeable=True)
    w[...] = 9
    return pair.zeros()
