# tries: del of list items and slices
# verdict: refused or ok
def attend(query, key, pair):
    """Commas are resting places."""
    x = [1, 2, 3, 4]
    del x[0], x[1:]
    return pair.zeros() + len(x)
