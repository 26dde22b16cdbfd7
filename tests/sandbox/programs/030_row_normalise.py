import numpy as np


def attend(query, key, pair, sharpness=6.0):
    """Overlap of letters: tokens attend to tokens that share characters with them; rows are normalised."""
    letters = [set(t.lower()) for t in query.text]
    n = len(letters)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            union = letters[i] | letters[j]
            scores[i, j] = len(letters[i] & letters[j]) / len(union) if union else 0.0
        total = scores[i].sum()
        if total > 0:
            scores[i] /= total
    return sharpness * scores
