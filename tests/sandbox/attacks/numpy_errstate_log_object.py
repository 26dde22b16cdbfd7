# tries: np.errstate with an object whose write method is called
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    with np.errstate(divide="log", call=[].append):
        np.log(np.zeros(1))
    return pair.zeros()
