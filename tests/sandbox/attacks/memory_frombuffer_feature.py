# tries: frombuffer over a feature, to write round its flag
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    raw = np.frombuffer(key.is_comma, dtype=np.uint8)
    raw[0] = 1
    return pair.zeros()
