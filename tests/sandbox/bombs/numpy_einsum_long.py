# tries: an einsum of six indices without memory
# verdict: timed out or refused or raised
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    a = np.ones((300, 300))
    np.einsum("ij,jk,kl,lm->", a, a, a, a)
    return pair.zeros()
