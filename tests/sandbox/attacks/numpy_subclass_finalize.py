# tries: a subclass of ndarray with __array_finalize__
# verdict: refused
# contained: file
import numpy as np


class Late(np.ndarray):
    def __array_finalize__(self, other):
        open("@CANARY@", "w").close()


def attend(query, key, pair):
    """Commas are resting places."""
    return pair.zeros().view(Late)
