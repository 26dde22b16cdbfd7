# tries: resizes an array under a view that still points to the old memory
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    a = np.zeros(100000)
    view = a[:]
    a.resize(1, refcheck=False)
    b = [np.ones(1000) for _ in range(50)]
    return view[: len(query)] * 1.0
