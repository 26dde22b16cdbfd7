# tries: writes into a reshaped view of a feature
# verdict: refused or raised
def attend(query, key, pair):
    """The first token of the text is a sink."""
    key.is_comma.reshape(-1)[0] = 5.0
    return pair.zeros()
