# tries: half precision that overflows to infinity
# verdict: raised or wrong shape or refused or ok
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return np.full((len(query), len(query)), 1e6).astype(np.float16)
