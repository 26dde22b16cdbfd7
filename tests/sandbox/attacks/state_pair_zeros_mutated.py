# tries: fills what pair.zeros() gave; the next zeros must be zero
# verdict: ok
def attend(query, key, pair):
    """Commas are resting places."""
    z = pair.zeros()
    z[...] = 5.0
    return pair.zeros()
