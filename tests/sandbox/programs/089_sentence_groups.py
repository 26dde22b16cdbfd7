import numpy as np
from typing import Dict, List


def attend(query, key, pair, topic: float = 3.0, own: float = 1.0) -> np.ndarray:
    """Tokens attend to the first content word (the topic) of every sentence so far, the latest most."""
    groups: Dict[int, List[int]] = {}
    number: int = 0
    n: int = len(query)
    for i in range(n):
        groups.setdefault(number, []).append(i)
        if key.is_sentence_end[i]:
            number += 1
    topics: Dict[int, int] = {}
    for g, members in sorted(groups.items()):
        words = [m for m in members if key.text[m].isalpha() and len(key.text[m]) > 3]
        topics[g] = words[0] if words else members[0]
    sentence_of: Dict[int, int] = {m: g for g, members in groups.items() for m in members}
    scores: np.ndarray = np.zeros((n, n))
    for i in range(n):
        g = sentence_of[i]
        for h in range(g + 1):
            if topics[h] <= i:
                scores[i, topics[h]] += topic / (1 + g - h)
        scores[i, i] += own
    return scores
