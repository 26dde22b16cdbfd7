import numpy as np


def attend(query, key, pair, item=3.0, opener=2.0, sink=1.0):
    """In a list, an item attends to the commas and conjunctions between the items before it."""
    separators = {",", ";", "and", "or"}
    n = len(query)
    scores = np.zeros((n, n))
    run = []
    for i, token in enumerate(query.text):
        if token in (".", "!", "?", "\n"):
            run = []
        for j in run:
            scores[i, j] += item
        if run:
            scores[i, max(run[0] - 1, 0)] += opener
        if token.lower() in separators:
            run.append(i)
        scores[i, 0] += sink
    return scores
