import numpy as np


def attend(query, key, pair, strength=6.0, sink=2.5):
    """Trigram induction with string keys: attend to the token after the last earlier occurrence of this trigram."""
    tokens = query.text
    n = len(tokens)
    scores = np.zeros((n, n))
    table = {}
    for i in range(n):
        scores[i, 0] += sink
        if i < 2:
            continue
        name = f"{tokens[i - 2]}|{tokens[i - 1]}|{tokens[i]}"
        if name in table:
            scores[i, table[name] + 1] += strength
        table[name] = i
    return scores
