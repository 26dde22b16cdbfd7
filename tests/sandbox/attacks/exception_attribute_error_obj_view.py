# tries: AttributeError.obj of a view
# verdict: refused or raised or ok
def attend(query, key, pair):
    """The first token of the text is a sink."""
    try:
        query.no_such_feature
    except AttributeError as error:
        error.obj.text = ()
    return pair.zeros()
