# tries: take, compress and dot with out=
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    np.take(key.length, [0] * len(query), out=key.index)
    return pair.zeros()
