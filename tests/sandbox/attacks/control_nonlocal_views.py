# tries: nonlocal rebinding of query within a nested function
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    def inner():
        nonlocal query
        query = None
    inner()
    return pair.zeros()
