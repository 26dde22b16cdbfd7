# tries: np.einsum with a feature as output
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    np.einsum("i->i", key.index, out=key.is_comma)
    return pair.zeros()
