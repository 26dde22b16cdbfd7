import numpy as np


def attend(query, key, pair, bonus=4.0, fade=0.9):
    """The nearest earlier punctuation mark gets the most attention, those before it ever less."""
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        strength = bonus
        for j in reversed(range(i)):
            if key.is_punctuation[j]:
                scores[i, j] = strength
                strength *= fade
            if strength < 0.5:
                break
    return scores
