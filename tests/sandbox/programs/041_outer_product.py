import numpy as np


def attend(query, key, pair, verb_noun=3.0, sink=1.0):
    """Words in -ed and -ing attend to words in -s and capitalised words."""
    q = np.array([1.0 if t.endswith(("ed", "ing")) else 0.0 for t in query.text])
    k = np.array([1.0 if t.endswith("s") or t[:1].isupper() else 0.0 for t in key.text])
    scores = verb_noun * np.outer(q, k)
    scores[:, 0] += sink
    return scores
