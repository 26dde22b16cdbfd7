def attend(query, key, pair, newest=4.0, older=1.0, sink=1.0):
    """A token attends to where it occurred before, the newest occurrence first."""
    places = {}
    for j, token in enumerate(key.text):
        places.setdefault(token.lower(), []).append(j)
    scores = pair.zeros()
    for i, token in enumerate(query.text):
        scores[i, 0] += sink
        earlier = [j for j in places[token.lower()] if j < i]
        for rank, j in enumerate(reversed(earlier)):
            scores[i, j] += newest if rank == 0 else older / rank
    return scores
