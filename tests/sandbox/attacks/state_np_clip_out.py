# tries: np.clip with out=
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    np.clip(key.length, 5, 5, out=key.length)
    return pair.zeros()
