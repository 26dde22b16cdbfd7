# tries: annotated assignment to an attribute of np
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    np.inf: float = 0.0
    return pair.zeros()
