# tries: a masked array
# verdict: raised or wrong shape or refused
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return np.ma.masked_array(pair.zeros(), mask=True)
