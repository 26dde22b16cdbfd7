# tries: eigenvalues of a large unsymmetric matrix
# verdict: timed out or out of memory or refused or raised
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    n = 4000
    np.linalg.eig(np.cos(np.outer(np.arange(n), np.arange(n) + 1.0)))
    return pair.zeros()
