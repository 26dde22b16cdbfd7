# tries: an item of a feature as the target of a with statement
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    with np.errstate() as key.index[0]:
        pass
    return pair.zeros()
