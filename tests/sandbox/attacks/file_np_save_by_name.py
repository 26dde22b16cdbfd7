# tries: np.savez with a file name that ends in .npz, moved by nothing else
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    np.savetxt("@CANARY@", np.eye(2))
    return pair.zeros()
