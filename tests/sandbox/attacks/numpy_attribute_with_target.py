# tries: np.where as the target of a with statement
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    with np.errstate() as np.where:
        pass
    return pair.zeros()
