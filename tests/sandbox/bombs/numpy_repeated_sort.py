# tries: sorts the same million numbers for ever
# verdict: timed out
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    a = np.arange(1_000_000)[::-1]
    while True:
        b = np.sort(a)
    return pair.zeros()
