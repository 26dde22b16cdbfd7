import numpy as np


def attend(query, key, pair, sink=4.0, recency=1.2, comma=0.8):
    """The first token as a sink, otherwise the recent past, with a preference for commas."""
    scores = np.zeros((len(query), len(query)))
    scores = scores - recency * pair.log_distance
    scores[:, 0] += sink
    for j in range(len(key)):
        scores[:, j] += comma * key.is_comma[j]
    return scores
