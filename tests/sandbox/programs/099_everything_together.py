import numpy as np
import math
from typing import Dict, List, Optional, Set, Tuple

PRONOUNS: Set[str] = {"he", "she", "it", "they", "him", "her", "them"}
ARTICLES: Tuple[str, ...] = ("the", "a", "an")
DEFAULT_SCORE: float = 0.0


def _lower_all(tokens: List[str]) -> List[str]:
    """All tokens in lower case without spaces."""
    return [t.strip().lower() for t in tokens]


def _last_true(flags: List[bool], before: int) -> Optional[int]:
    """The last position before ``before`` where a flag is set."""
    for j in reversed(range(before)):
        if flags[j]:
            return j
    return None


def attend(
    query,
    key,
    pair,
    sink: float = 3.0,
    previous: float = 2.0,
    induction: float = 4.0,
    pronoun: float = 3.0,
    article: float = 1.0,
    decay: float = 0.05,
) -> np.ndarray:
    """A blend: the first token by default, the previous token, induction, pronouns and the article of a noun.

    The order of the rules is of no importance, as all of them add up.
    """
    # --- preparation -------------------------------------------------------------
    words: List[str] = _lower_all(list(query.text))
    n: int = len(words)
    scores: np.ndarray = np.full((n, n), DEFAULT_SCORE)
    is_name: List[bool] = [w[:1].isupper() and w.lower() not in PRONOUNS for w in query.text]
    last: Dict[str, int] = {}

    # --- rules -------------------------------------------------------------------
    for i in range(n):
        scores[i, 0] += sink
        if i > 0:
            scores[i, i - 1] += previous
        if (j := last.get(words[i])) is not None and j + 1 <= i:
            scores[i, j + 1] += induction * math.exp(-decay * (i - j))
        last[words[i]] = i
        if words[i] in PRONOUNS:
            antecedent = _last_true(is_name, i)
            if antecedent is not None:
                scores[i, antecedent] += pronoun
        elif i > 0 and words[i - 1] in ARTICLES and words[i].isalpha():
            scores[i, i - 1] += article
    return scores
