# tries: datetime64 scores
# verdict: raised or wrong shape or refused
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    return np.zeros((len(query), len(query)), dtype="M8[s]")
