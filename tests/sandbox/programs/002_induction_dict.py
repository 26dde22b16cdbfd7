def induction(query, key, pair, copy=8.0, sink=3.0):
    """Induction: look for the last earlier occurrence of the current token and attend to the token after it."""
    tokens = query.text
    n = len(tokens)
    scores = pair.zeros()
    last = {}
    for i, token in enumerate(tokens):
        scores[i, 0] += sink
        j = last.get(token)
        if j is not None:
            scores[i, j + 1] += copy
        last[token] = i
    return scores
