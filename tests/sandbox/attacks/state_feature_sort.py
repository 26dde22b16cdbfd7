# tries: sorts a feature in place
# verdict: refused or raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    key.length.sort()
    return pair.zeros()
