# tries: uninitialised memory as scores; zeros or noise, never another program's bytes (np.empty must be cleared or its cells are finite by chance)
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    a = np.empty((len(query), len(query)), dtype=np.uint8)
    return a * 1.0
