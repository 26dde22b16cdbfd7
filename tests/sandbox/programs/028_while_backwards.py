import numpy as np


def attend(query, key, pair, end=4.0, here=1.0):
    """Looks back to the end of the previous sentence."""
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        scores[i, i] = here
        j = i - 1
        while j >= 0 and not key.is_sentence_end[j]:
            j -= 1
        if j >= 0:
            scores[i, j] += end
        else:
            scores[i, 0] += end
    return scores
