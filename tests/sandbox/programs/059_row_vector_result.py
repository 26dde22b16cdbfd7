import numpy as np


def attend(query, key, pair, length=0.3, comma=-1.0, first=3.0):
    """One score a key, whoever asks: length counts for it, a comma against it."""
    row = np.zeros(len(key))
    for j in range(len(key)):
        row[j] = length * len(key.text[j]) + comma * float(key.is_comma[j]) + first * float(key.is_first[j])
    return row
