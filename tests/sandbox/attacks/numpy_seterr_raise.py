# tries: makes every later division by zero an error
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    np.seterr(all="raise")
    return pair.zeros()
