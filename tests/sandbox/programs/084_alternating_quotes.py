import numpy as np
from typing import List, Optional


def quote_levels(tokens: List[str]) -> List[Optional[int]]:
    """For each token, the position of the quotation mark it stands under, or None."""
    levels: List[Optional[int]] = []
    current: Optional[int] = None
    for i, token in enumerate(tokens):
        if token in ('"', "“", "”", "``", "''"):
            current = i if current is None else None
        levels.append(current)
    return levels


def attend(query, key, pair, under=3.0, speech_verb=2.0, sink=1.0) -> np.ndarray:
    """Quoted tokens attend to their quotation mark and to the nearest verb of saying."""
    verbs = {"said", "asked", "told", "replied", "answered"}
    tokens = list(query.text)
    levels = quote_levels(tokens)
    n = len(tokens)
    scores = np.zeros((n, n))
    last_verb: Optional[int] = None
    for i in range(n):
        level = levels[i]
        if level is not None:
            scores[i, level] += under
            if last_verb is not None:
                scores[i, last_verb] += speech_verb
        else:
            scores[i, 0] += sink
        if tokens[i].lower() in verbs:
            last_verb = i
    return scores
