def attend(query, key, pair, meaning=3.0, threshold=0.2, previous=1.5):
    """Tokens attend to earlier tokens of similar meaning, otherwise to the previous token."""
    n = len(query)
    scores = pair.zeros()
    for i in range(n):
        hits = 0
        for j in range(i):
            s = pair.similarity[i, j]
            if s > threshold and not pair.same_token[i, j]:
                scores[i, j] += meaning * s
                hits += 1
        if hits == 0 and i > 0:
            scores[i, i - 1] += previous
    return scores
