def attend(query, key, pair, after_comma=3.0, after_stop=2.0, base=0.5):
    """Keys right after a comma or a sentence end are attended to."""
    n = len(key)
    scores = pair.zeros()
    for j in range(n):
        value = base
        if key.previous.is_comma[j]:
            value += after_comma
        elif key.previous.is_sentence_end[j]:
            value += after_stop
        for i in range(j, n):
            scores[i, j] = value
    return scores
