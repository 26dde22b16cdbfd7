# tries: prints the configuration, which imports and reads much
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    np.show_config()
    return pair.zeros()
