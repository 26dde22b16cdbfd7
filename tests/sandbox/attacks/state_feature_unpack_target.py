# tries: items of features as targets of tuple unpacking
# verdict: refused or raised
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    key.index[0], *query.length[:1] = 9.0, 8.0
    return pair.zeros()
