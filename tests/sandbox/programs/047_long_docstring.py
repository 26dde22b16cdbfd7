import numpy as np
from typing import List, Optional, Tuple


def find_antecedent(tokens: List[str], position: int, window: int = 20) -> Optional[int]:
    """
    Find the most plausible antecedent of the pronoun at ``position``.

    Parameters
    ----------
    tokens : List[str]
        The tokens of the text.
    position : int
        Where the pronoun stands.
    window : int
        How many tokens to look back.

    Returns
    -------
    Optional[int]
        Index of the antecedent, or None.
    """
    best: Optional[int] = None
    best_score: float = float("-inf")
    for j in range(max(0, position - window), position):
        token = tokens[j]
        if not token.isalpha():
            continue
        score: float = 0.0
        if token[0].isupper():
            score += 2.0
        if j > 0 and tokens[j - 1].lower() in ("the", "a"):
            score += 1.0
        score -= 0.05 * (position - j)
        if score > best_score:
            best, best_score = j, score
    return best


def pronoun_resolution_head(query, key, pair, link: float = 5.5, sink: float = 3.0) -> np.ndarray:
    """
    Hypothesis
    ----------
    The head resolves pronouns. A pronoun attends to the best antecedent in a window of twenty tokens, where being
    capitalised counts for two, being led by an article for one, and every token of distance costs a twentieth.

    All other tokens are idle and look at the first token.

    Parameters
    ----------
    query, key, pair
        The views of the text.
    link, sink : float
        Strength of the link and of the resting place.
    """
    pronouns: Tuple[str, ...] = ("he", "she", "it", "they", "him", "her", "them", "his", "its", "their")
    tokens: List[str] = [t for t in query.text]
    n: int = len(tokens)
    scores: np.ndarray = np.zeros((n, n), dtype=np.float64)
    scores[:, 0] = sink
    for i, token in enumerate(tokens):
        if token.lower() in pronouns:
            antecedent: Optional[int] = find_antecedent(tokens, i)
            if antecedent is not None:
                scores[i, antecedent] += link
    return scores
