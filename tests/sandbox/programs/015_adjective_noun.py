def attend(query, key, pair, det=3.0, near=1.0):
    """Nouns look back at the determiner that opens their phrase."""
    determiners = ("the", "a", "an", "his", "her", "their", "this", "that")
    tokens = [t.lower() for t in key.text]
    n = len(tokens)
    scores = pair.zeros()
    for i in range(n):
        for back in (1, 2, 3):
            j = i - back
            if j < 0:
                break
            if tokens[j] in determiners:
                scores[i, j] += det / back
                break
            if not tokens[j].isalpha():
                break
        scores[i, i] += near
    return scores
