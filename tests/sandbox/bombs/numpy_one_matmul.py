# tries: a single product of two integer matrices, which no library speeds up
# verdict: timed out or out of memory
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    a = np.ones((5000, 5000), dtype=int)
    b = a @ a
    return pair.zeros()
