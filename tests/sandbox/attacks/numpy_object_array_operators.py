# tries: arithmetic on an object array calls Python code of its items
# verdict: refused or raised or wrong shape
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    a = np.array([query, key], dtype="O")
    return a + a
