# tries: one matrix product that takes minutes in few bytes
# verdict: timed out or refused
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    a = np.ones((1, 3000))
    b = np.ones((3000, 1))
    s = a
    for _ in range(4000):
        s = a @ np.outer(b, a)
    return pair.zeros()
