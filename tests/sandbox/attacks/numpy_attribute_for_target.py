# tries: np.zeros as a loop variable
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    for np.zeros in [None]:
        pass
    return pair.zeros()
