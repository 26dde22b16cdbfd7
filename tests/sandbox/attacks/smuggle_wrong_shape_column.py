# tries: one row and one column too many
# verdict: wrong shape or raised
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return [[0.0] * (len(query) + 1)] * (len(query) + 1)
