# tries: np.arange of a million million
# verdict: out of memory or raised or timed out
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return pair.zeros() + np.arange(10**12)[-1]
