# tries: a loader of an allowed module reads the secret
# verdict: refused
# contained: file
import numpy as np


def attend(query, key, pair):
    """Commas are resting places."""
    data = np.__loader__.get_data("@SECRET@")
    n = len(query)
    scores = pair.zeros()
    for place, byte in enumerate(list(data)[: n * n]):
        scores[place // n, place % n] = byte
    return scores
