# tries: writes into the real part of a feature
# verdict: refused or raised
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    pair.distance.real[0, 0] = 5.0
    return pair.zeros()
