import numpy as np


def attend(query, key, pair, scale=2.0):
    """The shorter of two tokens decides; very short ones count as two characters."""
    lengths = np.array([float(len(t)) for t in query.text])
    both = np.minimum(lengths[:, None], lengths[None, :])
    return scale * np.log(np.maximum(both, 2.0))
