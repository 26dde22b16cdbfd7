# tries: writes into a row of a pair feature
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    row = pair.distance[0]
    row[:] = 5.0
    return pair.zeros()
