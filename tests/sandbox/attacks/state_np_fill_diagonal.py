# tries: np.fill_diagonal of a pair feature
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    np.fill_diagonal(pair.same_token, 5.0)
    return pair.zeros()
