from typing import Dict, List, Tuple

import numpy as np


def bigram_induction(query, key, pair, bigram: float = 9.0, unigram: float = 4.0, sink: float = 2.0) -> np.ndarray:
    """Induction on bigrams: if the last two tokens occurred before, attend to what followed them.

    Falls back to what followed the last occurrence of the single token.
    """
    tokens = query.text
    n = len(tokens)
    scores = np.zeros((n, n), dtype=float)
    seen_bigrams: Dict[Tuple[str, str], int] = {}
    seen: Dict[str, int] = {}
    for i in range(n):
        scores[i, 0] = sink
        if i >= 1:
            gram = (tokens[i - 1], tokens[i])
            if gram in seen_bigrams:
                target = seen_bigrams[gram] + 1
                scores[i, target] += bigram
            seen_bigrams[gram] = i
        if tokens[i] in seen:
            scores[i, seen[tokens[i]] + 1] += unigram
        seen[tokens[i]] = i
    return scores
