# tries: guards as names of *args and **kwargs
# verdict: refused
def helper(*_getitem_, **_write_):
    return _getitem_


def attend(query, key, pair):
    """The first token of the text is a sink."""
    helper(1)
    return pair.zeros()
