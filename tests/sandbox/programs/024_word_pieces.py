import numpy as np


def word_internal(query, key, pair, same_word=4.0, word_start=2.0, fallback=1.0):
    """Later pieces of a word attend to the word's earlier pieces, the first piece most."""
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        start = i - int(query.word_position[i])
        if start < i:
            scores[i, start:i] += same_word
            scores[i, start] += word_start
        else:
            scores[i, max(0, i - 1)] += fallback
    return scores
