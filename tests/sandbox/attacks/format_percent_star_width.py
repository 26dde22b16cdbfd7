# tries: percent formatting with a width from the arguments
# verdict: refused or raised or ok
def attend(query, key, pair):
    """The first token of the text is a sink."""
    text = "%*d" % (1000, 7)
    return pair.zeros()
