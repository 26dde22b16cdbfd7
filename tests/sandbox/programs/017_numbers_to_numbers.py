import numpy as np


def has_digit(tok):
    return any(ch.isdigit() for ch in tok)


def numeric(query, key, pair, number=4.0, other=0.5, sink=1.0):
    """Tokens with digits attend to earlier tokens with digits."""
    flags = [has_digit(tok) for tok in query.text]
    n = len(flags)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            if flags[i] and flags[j] and i != j:
                scores[i, j] += number
            elif flags[i] != flags[j]:
                scores[i, j] -= other
        scores[i, 0] += sink
    return scores
