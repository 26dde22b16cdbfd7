import numpy as np
from typing import List


def tokens_to_words(tokens: List[str], starts: List[bool]) -> List[List[int]]:
    """Groups the positions of tokens into words."""
    words: List[List[int]] = []
    for i, _token in enumerate(tokens):
        if starts[i] or not words:
            words.append([i])
        else:
            words[-1].append(i)
    return words


def attend(query, key, pair, whole: float = 3.0, before: float = 2.0) -> np.ndarray:
    """Tokens attend to all pieces of their own word and to the last piece of the word before."""
    starts = [bool(query.is_word_start[i]) for i in range(len(query))]
    words = tokens_to_words(list(query.text), starts)
    n = len(query)
    scores: np.ndarray = np.zeros((n, n))
    for w, pieces in enumerate(words):
        for i in pieces:
            for j in pieces:
                if j <= i:
                    scores[i, j] += whole
            if w > 0:
                scores[i, words[w - 1][-1]] += before
    return scores
