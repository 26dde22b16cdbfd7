# tries: rebinds a guard as a global name
# verdict: refused
def helper():
    global _getattr_
    _getattr_ = lambda thing, name: None


def attend(query, key, pair):
    """The first token of the text is a sink."""
    helper()
    return pair.zeros()
