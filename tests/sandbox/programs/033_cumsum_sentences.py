import numpy as np


def attend(query, key, pair, same=2.5, previous=1.0, distance=0.1):
    """Attention stays within the sentence, with a little for the sentence before."""
    ends = np.array([1 if t.endswith((".", "!", "?")) else 0 for t in query.text])
    sentence = np.concatenate(([0], np.cumsum(ends)[:-1]))
    difference = sentence[:, None] - sentence[None, :]
    scores = np.where(difference == 0, same, np.where(difference == 1, previous, 0.0))
    position = np.arange(len(ends))
    return scores - distance * np.abs(position[:, None] - position[None, :])
