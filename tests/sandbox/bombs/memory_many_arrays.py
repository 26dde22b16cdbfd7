# tries: keeps arrays of eight megabytes each for ever
# verdict: out of memory or raised or timed out
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    kept = []
    while True:
        kept.append(np.ones(1_000_000))
    return pair.zeros()
