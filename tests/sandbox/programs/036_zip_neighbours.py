import numpy as np


def attend(query, key, pair, gram=5.0, sink=2.0):
    """Token pairs seen before: when a pair of neighbours repeats, both tokens attend to the first pair."""
    tokens = list(query.text)
    n = len(tokens)
    scores = np.zeros((n, n))
    scores[:, 0] = sink
    first = {}
    for i, (a, b) in enumerate(zip(tokens, tokens[1:])):
        if (a, b) in first:
            j = first[(a, b)]
            scores[i + 1, j + 1] += gram
            scores[i + 1, j] += gram / 2
        else:
            first[(a, b)] = i
    return scores
