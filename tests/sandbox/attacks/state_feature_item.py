# tries: writes an item of a feature
# verdict: refused or raised
def attend(query, key, pair):
    """The first token of the text is a sink."""
    key.is_comma[0] = 7.0
    return pair.zeros()
