# tries: np.char.array
# verdict: raised or wrong shape or refused
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return np.char.array([["a"]])
