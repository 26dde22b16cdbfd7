# tries: keeps a counter on a helper
# verdict: refused or raised
def helper():
    return 1


def attend(query, key, pair):
    """The first token of the text is a sink."""
    helper.calls = 2
    return pair.zeros()
