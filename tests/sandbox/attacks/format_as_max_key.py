# tries: a bound format method as the key of max
# verdict: refused or raised
def attend(query, key, pair):
    """The first token of the text is a sink."""
    best = max([query, key], key="{0.__class__.__mro__}".format)
    return pair.zeros()
