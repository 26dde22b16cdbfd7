# tries: np.piecewise calls what it is given
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    np.piecewise(np.zeros(1), [[True]], [lambda x: open("@CANARY@", "w").fileno()])
    return pair.zeros()
