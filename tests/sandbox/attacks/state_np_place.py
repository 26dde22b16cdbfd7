# tries: np.place into a feature
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    np.place(key.is_comma, key.is_comma == 0, [5.0])
    return pair.zeros()
