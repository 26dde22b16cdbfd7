# tries: np.random.seed and set_state change hidden state that others share
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    np.random.seed(7)
    np.random.set_state(np.random.get_state())
    return pair.zeros() + np.random.rand()
