# tries: writes into view() of a feature
# verdict: refused or raised or ok
def attend(query, key, pair):
    """The first token of the text is a sink."""
    v = key.is_comma.view()
    v[...] = 5.0
    return pair.zeros()
