import numpy as np


def attend(query, key, pair, vowel=2.0, sink=1.0):
    """Tokens attend to tokens that hold the same vowels."""
    vowels = [{ch for ch in t.lower() if ch in "aeiou"} for t in query.text]
    n = len(vowels)
    scores = np.array([[vowel * len(vowels[i] & vowels[j]) for j in range(n)] for i in range(n)], dtype=float)
    scores[:, 0] += sink
    return scores
