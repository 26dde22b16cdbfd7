# tries: __setstate__ of an array with a forged state
# verdict: refused
def attend(query, key, pair):
    """The first token of the text is a sink."""
    a = pair.zeros()
    a.__setstate__((1, (4,), "O", False, b"x" * 32))
    return pair.zeros()
