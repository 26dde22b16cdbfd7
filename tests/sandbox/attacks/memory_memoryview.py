# tries: a writable memoryview of a feature
# verdict: refused or raised
def attend(query, key, pair):
    """The first token of the text is a sink."""
    view = memoryview(key.is_comma).cast("B")
    view[0] = 255
    return pair.zeros()
