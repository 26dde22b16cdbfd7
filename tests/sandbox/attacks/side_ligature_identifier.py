# tries: a ligature in an attribute name that normalises to is_first
# verdict: refused or raised or ok
def attend(query, key, pair):
    """The first token of the text is a sink."""
    return key.is_ﬁrst + pair.zeros()
