import numpy as np


def attend(query, key, pair, strength=5.0, default=1.0):
    """The second occurrence of a token attends to what came after the first one."""
    tokens = list(query.text)
    n = len(tokens)
    scores = np.zeros((n, n))
    for i in range(n):
        try:
            j = tokens[:i].index(tokens[i])
            scores[i, j + 1] += strength
        except (IndexError, ValueError):
            scores[i, 0] += default
    return scores
