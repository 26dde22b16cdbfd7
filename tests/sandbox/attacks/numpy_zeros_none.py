# tries: np.zeros = None, which would break every later program
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    np.zeros = None
    return pair.zeros()
