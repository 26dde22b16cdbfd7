def attend(query, key, pair, weight=3.0, sink=2.0):
    """Capitalised tokens that do not begin a sentence are names; everything looks at the latest one."""
    names = key.is_capitalised & ~key.is_sentence_start & key.is_alphabetic
    latest = pair.latest(names)
    n = len(query)
    scores = pair.zeros()
    for i in range(n):
        for j in range(i + 1):
            scores[i, j] += weight * latest[i, j] + sink * key.is_first[j]
    return scores
