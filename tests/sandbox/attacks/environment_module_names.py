# tries: the module's own __file__, __loader__ and __spec__
# verdict: refused
def attend(query, key, pair):
    """The first token of the text is a sink."""
    n = len(query)
    return __loader__ or __spec__ or __file__
