# tries: np.put into a feature
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    np.put(key.is_comma, [0], [5.0])
    return pair.zeros()
