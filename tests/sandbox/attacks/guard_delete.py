# tries: deletes a guard
# verdict: refused
def attend(query, key, pair):
    """Commas are resting places."""
    del _getattr_
    return pair.zeros()
