import numpy as np


def attend(query, key, pair, stop=2.0, soft=1.0, sink=1.5):
    """Marks have weights of their own: full stops are strong, commas are soft."""
    hard_marks = {mark: stop for mark in ".!?"}
    soft_marks = {mark: soft for mark in ",;:"}
    weights = {**hard_marks, **soft_marks, "\n": stop}
    n = len(query)
    scores = np.zeros((n, n))
    for j, token in enumerate(key.text):
        scores[:, j] += weights.get(token, 0.0)
    scores[:, 0] += sink
    return scores
