# tries: ever new warnings of NumPy
# verdict: timed out or raised or refused
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    while True:
        np.log(np.array([-1.0, 0.0]))
    return pair.zeros()
