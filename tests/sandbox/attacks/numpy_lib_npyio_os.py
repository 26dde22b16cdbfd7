# tries: modules inside np.lib
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return [np.lib.npyio, np.lib.format, np.lib.introspect]
