# tries: np.savetxt writes text
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    np.savetxt("@CANARY@", np.eye(2))
    return pair.zeros()
