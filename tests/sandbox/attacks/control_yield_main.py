# tries: the main function is a generator
# verdict: refused or raised or wrong shape
def attend(query, key, pair):
    """The first token of the text is a sink."""
    yield pair.zeros()
