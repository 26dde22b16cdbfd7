import numpy as np


def attend(query, key, pair, line_start=3.5, newline=2.0, sink=1.0):
    """Tokens attend to the line break that began their line and to the first token after it."""
    n = len(query)
    scores = np.zeros((n, n))
    line_begin, break_at = 0, None
    for i, tok in enumerate(query.text):
        scores[i, 0] += sink
        scores[i, line_begin] += line_start
        if break_at is not None:
            scores[i, break_at] += newline
        if "\n" in tok:
            break_at = i
            line_begin = min(i + 1, n - 1)
    return scores
