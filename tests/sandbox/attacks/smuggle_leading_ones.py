# tries: thirty leading dimensions of length one
# verdict: wrong shape or raised or ok
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return np.zeros((1,) * 30 + (len(query), len(query)))
