# tries: a dictionary that changes size while it is iterated
# verdict: raised or ok or refused
def attend(query, key, pair):
    """The first token of the text is a sink."""
    d = {1: 1}
    for k in d:
        d[k + 1] = 1
    return pair.zeros()
