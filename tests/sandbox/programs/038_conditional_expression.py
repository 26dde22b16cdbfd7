import numpy as np


def attend(query, key, pair, near=3.0, far=1.0, limit=5.0):
    """Near tokens matter to content words, far ones to function words."""
    function_words = ["the", "a", "an", "and", "of", "to", "in", "that", "it", "is", "was"]
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        is_function = query.text[i].lower() in function_words
        for j in range(i + 1):
            d = i - j
            scores[i, j] = (far if is_function else 0.0) if d > limit else (0.0 if is_function else near)
    return scores
