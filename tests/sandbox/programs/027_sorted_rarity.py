import numpy as np


def attend(query, key, pair, rare=2.0, top=3.0):
    """The rarest tokens so far are attended to most."""
    tokens = query.text
    n = len(tokens)
    scores = np.zeros((n, n))
    counts = {}
    for i, tok in enumerate(tokens):
        counts[tok] = counts.get(tok, 0) + 1
        order = sorted(range(i + 1), key=lambda j: (counts[tokens[j]], -j))
        for rank, j in enumerate(order[: int(top)]):
            scores[i, j] += rare / (rank + 1)
    return scores
