import numpy as np


def attend(query, key, pair, negation=5.0, sink=2.0, width=5.0):
    """Words in the scope of a negation attend to it: up to five tokens, or until punctuation."""
    negations = {"not", "n't", "no", "never", "none", "nobody", "without"}
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        scores[i, 0] += sink
        for d in range(1, int(width) + 1):
            j = i - d
            if j < 0 or key.is_punctuation[j]:
                break
            if key.text[j].lower() in negations:
                scores[i, j] += negation
    return scores
