def attend(query, key, pair, one=4.0, two=2.0, three=1.0):
    """The three tokens before, in falling order."""
    n = len(query)
    weights = {1: one, 2: two, 3: three}
    scores = pair.zeros()
    for k, w in weights.items():
        shifted = pair.offset(k)
        for i in range(n):
            for j in range(n):
                scores[i, j] += w * shifted[i, j]
    return scores
