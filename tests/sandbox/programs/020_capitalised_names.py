import numpy as np
from typing import List


def attend(query, key, pair, name: float = 3.0, self_score: float = 2.0, recency: float = 0.05) -> np.ndarray:
    """Capitalised words inside a sentence (names) draw attention, recent ones a little more."""
    n = len(query)
    names: List[int] = [
        j for j in range(n)
        if key.is_capitalised[j] and not key.is_sentence_start[j] and len(key.text[j]) > 1
    ]
    scores = np.zeros((n, n))
    for i in range(n):
        scores[i, i] += self_score
        for j in names:
            if j > i:
                break
            scores[i, j] += name - recency * (i - j)
    return scores
