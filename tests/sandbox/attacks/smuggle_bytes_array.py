# tries: an array of bytes that spell a pickle
# verdict: raised or wrong shape or refused
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    return np.array([[b"cposix\nsystem\n"]], dtype="S64")
