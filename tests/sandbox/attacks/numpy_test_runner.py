# tries: starts NumPy's own test runner
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    np.test.__call__("none")
    return pair.zeros()
