# tries: writes a slice of a pair feature
# verdict: refused or raised
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    pair.distance[:, :] = 0.0
    return pair.zeros()
