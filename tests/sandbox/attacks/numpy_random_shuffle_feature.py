# tries: shuffles a feature in place
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    np.random.shuffle(key.length)
    return pair.zeros()
