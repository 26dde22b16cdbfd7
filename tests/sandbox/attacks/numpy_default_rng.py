# tries: entropy from the operating system, so that two runs differ
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros() + np.random.default_rng().random()
