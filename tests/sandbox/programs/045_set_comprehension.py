import numpy as np


def attend(query, key, pair, novel=2.0, known=0.5):
    """Tokens that occur once so far stand out from those that were repeated."""
    tokens = key.text
    n = len(tokens)
    scores = np.zeros((n, n))
    for i in range(n):
        so_far = tokens[: i + 1]
        repeated = {t for t in so_far if so_far.count(t) > 1}
        for j, t in enumerate(so_far):
            scores[i, j] += known if t in repeated else novel
    return scores
