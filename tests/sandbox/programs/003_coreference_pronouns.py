import numpy as np
from typing import Dict, List, Set

MALE: Set[str] = {"he", "him", "his", "himself"}
FEMALE: Set[str] = {"she", "her", "hers", "herself"}
PRONOUNS: Set[str] = MALE | FEMALE | {"it", "its", "they", "them", "their"}


def _is_pronoun(token: str) -> bool:
    """True for third-person pronouns."""
    return token.lower() in PRONOUNS


def _looks_like_name(token: str) -> bool:
    return token[:1].isupper() and token.isalpha() and len(token) > 1


def attend(query, key, pair, pronoun: float = 5.0, same: float = 2.0, sink: float = 1.5) -> np.ndarray:
    """Pronouns attend to earlier capitalised words (candidate antecedents), the nearest ones most.

    Everything else rests on the first token. Pronouns also attend to earlier pronouns of the same gender.
    """
    tokens: List[str] = list(query.text)
    n: int = len(tokens)
    scores: np.ndarray = np.zeros((n, n))
    for i in range(n):
        scores[i, 0] += sink
        if not _is_pronoun(tokens[i]):
            continue
        for j in range(i):
            if _looks_like_name(tokens[j]) and not _is_pronoun(tokens[j]):
                scores[i, j] += pronoun / (1.0 + 0.1 * (i - j))
            elif tokens[j].lower() in MALE and tokens[i].lower() in MALE:
                scores[i, j] += same
            elif tokens[j].lower() in FEMALE and tokens[i].lower() in FEMALE:
                scores[i, j] += same
    return scores
