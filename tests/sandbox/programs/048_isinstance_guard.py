import numpy as np


def clean(token):
    if not isinstance(token, str):
        return ""
    return token.strip().lower()


def attend(query, key, pair, same=3.0, prefix=1.5):
    """Words attend to words with the same beginning (first four letters)."""
    words = [clean(t) for t in query.text]
    n = len(words)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            if words[i] and words[i] == words[j]:
                scores[i, j] += same
            elif len(words[i]) >= 4 and words[i][:4] == words[j][:4]:
                scores[i, j] += prefix
    return scores
