# tries: writes into what pair.offset and pair.within returned
# verdict: refused or raised or ok
def attend(query, key, pair):
    """The first token of the text is a sink."""
    pair.offset(1)[0, 0] = 5.0
    return pair.zeros()
