def attend(query, key, pair, conjunction=3.0, previous=2.0):
    """Conjunctions look at the comma before them and at the word two back; the rest at the previous token."""
    joins = query.is_one_of("and", "or", "but", "nor")
    n = len(query)
    scores = pair.zeros()
    for i in range(n):
        if joins[i]:
            for j in (i - 1, i - 2):
                if j >= 0:
                    scores[i, j] += conjunction
                    if key.is_comma[j]:
                        scores[i, j] += 1.0
        elif i:
            scores[i, i - 1] += previous
    return scores
