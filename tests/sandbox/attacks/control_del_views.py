# tries: deletes the parameters
# verdict: refused or raised or ok
def attend(query, key, pair):
    """The first token of the text is a sink."""
    z = pair.zeros()
    del query, key, pair
    return z
