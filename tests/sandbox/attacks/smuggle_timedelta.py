# tries: timedelta64 scores
# verdict: raised or wrong shape or refused
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return np.full((len(query), len(query)), np.timedelta64(1, "s"))
