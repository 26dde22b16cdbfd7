# tries: np.apply_along_axis calls eval with keywords
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    np.apply_along_axis(lambda row: eval("open('@CANARY@', 'w').fileno()"), 0, np.zeros(1))
    return pair.zeros()
