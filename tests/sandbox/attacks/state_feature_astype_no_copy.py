# tries: writes into astype(…, copy=False) of a feature
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Commas are resting places."""
    a = key.length.astype("float32", copy=False)
    a[...] = 5.0
    return pair.zeros()
