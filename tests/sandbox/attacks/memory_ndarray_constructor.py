# tries: the ndarray constructor with a foreign buffer and object dtype
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    return np.ndarray((len(query), len(query)), dtype="O", buffer=pair.zeros())
