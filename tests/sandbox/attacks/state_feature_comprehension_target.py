# tries: an item of a feature as a comprehension's variable
# verdict: refused or raised
def attend(query, key, pair):
    """The first token of the text is a sink."""
    x = [1 for key.index[0] in [9.0]]
    return pair.zeros()
