# tries: numbers in the other byte order, which raw bytes would misread
# verdict: raised or wrong shape or refused or ok
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return np.zeros((len(query), len(query)), dtype=">f8") + 1.0
