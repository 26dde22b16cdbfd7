# tries: np.f2py.subprocess
# verdict: refused or raised
# contained: process
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    np.f2py.subprocess.run(["touch", "@CANARY@"])
    return pair.zeros()
