# tries: out= with where= through keyword unpacking
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    options = {"out": (key.index,), "where": True}
    np.exp(key.index, **options)
    return pair.zeros()
