import numpy as np


def attend(query, key, pair, strength=5.0, rest=1.0):
    """Prepositions and particles attend to the nearest earlier content word."""
    small = {"of", "in", "on", "at", "to", "for", "with", "up", "out"}
    tokens = key.text
    n = len(tokens)
    scores = np.zeros((n, n))
    for i in range(n):
        candidates = [j for j in range(i) if (w := tokens[j].lower()).isalpha() and w not in small and len(w) > 2]
        if tokens[i].lower() in small and candidates:
            scores[i, candidates[-1]] += strength
        else:
            scores[i, i] += rest
    return scores
