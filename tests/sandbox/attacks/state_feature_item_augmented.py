# tries: augmented assignment to an item of a feature
# verdict: refused or raised
def attend(query, key, pair):
    """Commas are resting places."""
    query.length[0] += 100
    return pair.zeros()
