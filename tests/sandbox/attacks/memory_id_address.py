# tries: addresses of objects as scores, by way of id and hash
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    scores = pair.zeros()
    scores[0, 0] = float(id(query) % 1000)
    return scores
