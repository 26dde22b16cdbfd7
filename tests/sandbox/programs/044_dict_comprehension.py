import numpy as np


def attend(query, key, pair, word=3.0, sink=2.0):
    """Attention goes to the first occurrence of the token's first letter."""
    tokens = query.text
    n = len(tokens)
    initial = {i: t[0].lower() for i, t in enumerate(tokens) if t}
    first_of = {}
    for i, letter in initial.items():
        if letter not in first_of:
            first_of[letter] = i
    scores = np.zeros((n, n))
    for i in range(n):
        scores[i, first_of[initial[i]]] += word
        scores[i, 0] += sink
    return scores
