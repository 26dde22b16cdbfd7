import numpy as np
from typing import List, Tuple


def attention_sink(query, key, pair, sink: float = 5.0, self_weight: float = 1.0) -> np.ndarray:
    """
    Attention-sink head.

    Hypothesis: the head has nothing to do on most tokens and parks its attention on the first
    token of the text. A small remainder stays on the current token.

    Args:
        query: view of the tokens from the query's side
        key: view of the tokens from the key's side
        pair: features of pairs

    Returns:
        An (n, n) array of scores.
    """
    n: int = len(query.text)
    scores: np.ndarray = np.zeros((n, n))

    # everything goes to the sink
    scores[:, 0] = sink

    # a bit of self attention
    for i in range(n):
        scores[i, i] += self_weight

    return scores
