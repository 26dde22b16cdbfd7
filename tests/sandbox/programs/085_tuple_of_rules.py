import numpy as np


def attend(query, key, pair, strong=4.0, weak=1.5):
    """A small table of word pairs: the second word looks for the first."""
    RULES = (
        ("either", "or"),
        ("both", "and"),
        ("not", "but"),
        ("if", "then"),
        ("from", "to"),
        ("she", "had"),
    )
    tokens = [t.lower() for t in query.text]
    n = len(tokens)
    scores = np.zeros((n, n))
    for i in range(n):
        for left, right in RULES:
            if tokens[i] != right:
                continue
            for j in range(i - 1, -1, -1):
                if tokens[j] == left:
                    scores[i, j] += strong
                    break
        scores[i, max(0, i - 1)] += weak
    return scores
