# tries: raises a view and a type
# verdict: refused or raised
def attend(query, key, pair):
    """The first token of the text is a sink."""
    raise query
    return pair.zeros()
