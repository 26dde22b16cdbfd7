import numpy as np


def attend(query, key, pair, special=3.0, word=1.0):
    """Marks and special tokens are preferred to words."""
    is_word = np.array([t.isalnum() for t in key.text], dtype=bool)
    row = np.zeros(len(is_word))
    row[is_word] = word
    row[~is_word] = special
    n = len(row)
    return np.tile(row, (n, 1))
