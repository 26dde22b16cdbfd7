import numpy as np


def attend(query, key, pair, phrase=4.0, sink=2.0):
    """Fixed phrases: the last token of one attends to its first token."""
    phrases = ["of the", "in the", "and the", "told that", "works in", "said anna"]
    tokens = [t.lower() for t in query.text]
    n = len(tokens)
    scores = np.zeros((n, n))
    scores[:, 0] += sink
    for i in range(n):
        for size in (2, 3):
            start = i - size + 1
            if start < 0:
                continue
            if " ".join(tokens[start:i + 1]) in phrases:
                scores[i, start] += phrase
    return scores
