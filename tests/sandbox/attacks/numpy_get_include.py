# tries: paths of the installation as scores
# verdict: refused or raised
import numpy as np


def attend(query, key, pair):
    """All visible tokens count alike."""
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(np.get_include().encode())[: n * n]):
        scores[place // n, place % n] = byte
    return scores
