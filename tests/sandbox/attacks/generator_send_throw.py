# tries: drives a generator by send, throw and close
# verdict: refused or raised or ok
def attend(query, key, pair):
    """The first token of the text is a sink."""
    g = (x for x in [1, 2])
    g.send(None)
    g.throw(ValueError("x"))
    return pair.zeros()
