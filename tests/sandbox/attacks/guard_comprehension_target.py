# tries: a comprehension variable called _getiter_
# verdict: refused
def attend(query, key, pair):
    """Commas are resting places."""
    found = [_getiter_ for _getiter_ in [1]]
    return pair.zeros()
