# tries: NaNs whose payload bits carry a message
# verdict: ok or raised or refused
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return np.full((len(query), len(query)), 0x7FF8DEADBEEF0001, dtype=np.int64).view(np.float64)
