import numpy as np
import math


def attend(query, key, pair, idf=1.5, sink=2.0):
    """Rare tokens of the text so far get more attention, by inverse frequency."""
    tokens = key.text
    n = len(tokens)
    scores = np.zeros((n, n))
    counts = {}
    for i in range(n):
        tok = tokens[i]
        counts[tok] = counts[tok] + 1 if tok in counts else 1
        for j in range(i + 1):
            scores[i, j] = idf * math.log((i + 1) / counts[tokens[j]])
        scores[i, 0] += sink
    return scores
