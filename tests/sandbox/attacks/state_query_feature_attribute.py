# tries: assigns features of the views
# verdict: refused or raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    query.is_comma = None
    key.previous = key
    pair.distance = pair.zeros()
    return pair.zeros()
