# tries: __class__ with a fullwidth c
# verdict: refused
def attend(query, key, pair):
    """The first token of the text is a sink."""
    n = len(query)
    return query.__ｃlass__
