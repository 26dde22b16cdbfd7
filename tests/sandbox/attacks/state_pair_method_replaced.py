# tries: replaces pair.zeros by a function
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    pair.zeros = lambda: 0.0
    return pair.zeros()
