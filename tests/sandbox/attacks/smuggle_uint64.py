# tries: unsigned numbers near the top
# verdict: ok or raised
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    return np.full((len(query), len(query)), 2**64 - 1, dtype=np.uint64)
