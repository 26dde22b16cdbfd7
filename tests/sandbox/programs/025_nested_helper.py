import numpy as np


def attend(query, key, pair, verb=2.5, article=1.0, sink=2.0):
    """Content words are attended to and function words are not."""
    FUNCTION_WORDS = {"the", "a", "an", "of", "to", "in", "and", "or", "but", "is", "was", "were", "that", "it"}

    def is_content(word: str) -> bool:
        word = word.strip().lower()
        if not word:
            return False
        return word.isalpha() and word not in FUNCTION_WORDS

    def weight(j: int) -> float:
        return verb if is_content(key.text[j]) else -article

    n = len(key)
    row = np.array([weight(j) for j in range(n)])
    scores = np.tile(row, (n, 1))
    scores[:, 0] += sink
    return scores
