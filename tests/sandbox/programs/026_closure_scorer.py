import numpy as np
from typing import Callable


def make_scorer(strength: float, words) -> Callable[[str], float]:
    """Returns a function that scores one token."""
    def scorer(token: str) -> float:
        return strength if token.lower() in words else 0.0
    return scorer


def attend(query, key, pair, conj=3.0, prep=1.5, sink=1.0):
    """Conjunctions and prepositions are the hinges the head attends to."""
    score_conj = make_scorer(conj, {"and", "or", "but", "because", "that", "who", "which"})
    score_prep = make_scorer(prep, {"of", "in", "on", "at", "for", "with", "by", "to", "from"})
    n = len(query)
    scores: np.ndarray = np.zeros((n, n))
    for j, token in enumerate(key.text):
        scores[j:, j] += score_conj(token) + score_prep(token)
    scores[:, 0] += sink
    return scores
