import numpy as np


def attend(query, key, pair, stop=2.5, sink=1.5):
    """Commas, sentence ends and line breaks are resting places, whoever asks."""
    rest = key.is_comma | key.is_sentence_end | key.is_newline
    n = len(key)
    scores = np.zeros((n, n))
    for j in range(n):
        if rest[j]:
            scores[:, j] = stop
    scores[:, 0] += sink
    return scores
