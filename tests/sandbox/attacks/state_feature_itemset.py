# tries: the itemset method, as older NumPy had it
# verdict: refused or raised
def attend(query, key, pair):
    """The first token of the text is a sink."""
    key.index.itemset(0, 5.0)
    return pair.zeros()
