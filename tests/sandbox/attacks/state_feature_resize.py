# tries: resizes a feature
# verdict: refused or raised
def attend(query, key, pair):
    """Commas are resting places."""
    key.index.resize((1,), refcheck=False)
    return pair.zeros()
