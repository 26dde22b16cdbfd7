import numpy as np


def attend(query, key, pair, open_quote=4.0, close_quote=6.0, default=1.0):
    """
    Tracks quotation. Tokens within a quotation attend to its opening quotation mark,
    the closing mark attends to the opening one, the rest attends to the previous token.
    """
    n = len(query)
    scores = np.zeros((n, n))
    inside = False
    start = -1
    for i in range(n):
        if query.is_quote[i]:
            if inside:
                scores[i, start] += close_quote
                inside = False
                start = -1
            else:
                inside = True
                start = i
                scores[i, i] += default
        elif inside and start >= 0:
            scores[i, start] += open_quote
        else:
            scores[i, max(i - 1, 0)] += default
    return scores
