import numpy as np


def attend(query, key, pair, comma=3.0, within_clause=1.0):
    """Tokens attend to the comma that opened the present clause and to the tokens since then."""
    n = len(query)
    scores = np.zeros((n, n))
    last_comma = -1
    for i in range(n):
        if last_comma >= 0:
            scores[i, last_comma] += comma
        for j in range(last_comma + 1, i + 1):
            scores[i, j] += within_clause
        if key.is_comma[i]:
            last_comma = i
    return scores
