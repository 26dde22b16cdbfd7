# tries: np.sort of a feature gives a copy; its own sort afterwards is harmless
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    c = np.sort(key.length)
    c[0] = 1.0
    return pair.zeros()
