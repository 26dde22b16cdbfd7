import numpy as np


def attend(query, key, pair, strength=4.0, sink=1.0):
    """The head looks at the most recent token that ends in -s or -ed."""
    endings = np.array([t.endswith(("s", "ed")) for t in key.text])
    n = len(endings)
    scores = np.zeros((n, n))
    for i in range(n):
        places = np.where(endings[: i + 1])[0]
        if len(places) > 0:
            scores[i, places[-1]] += strength
        scores[i, 0] += sink
    return scores
