import numpy as np


def attend(query, key, pair, title=3.0, sink=2.0):
    """Runs of capitalised words are names: each word of a run attends to the first word of the run."""
    tokens = query.text
    n = len(tokens)
    scores = np.zeros((n, n))
    for i in range(n):
        start = i
        while start > 0 and all(t[:1].isupper() for t in tokens[start - 1:i + 1]):
            start -= 1
        scores[i, start] += title if any(t.isalpha() for t in tokens[start:i + 1]) else 0.0
        scores[i, 0] += sink
    return scores
