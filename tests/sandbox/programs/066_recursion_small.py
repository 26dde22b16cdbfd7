import numpy as np


def head_of(tokens, position):
    """Index of the word that a run of adjectives leads to, found by walking right."""
    if position + 1 >= len(tokens):
        return position
    if not tokens[position].isalpha() or not tokens[position].endswith(("y", "ful", "ous", "al")):
        return position
    return head_of(tokens, position + 1)


def attend(query, key, pair, link=3.0, sink=1.0):
    """Nouns attend to the adjectives that lead to them."""
    tokens = key.text
    n = len(tokens)
    scores = np.zeros((n, n))
    for j in range(n):
        i = head_of(tokens, j)
        if i > j:
            scores[i, j] += link
    scores[:, 0] += sink
    return scores
