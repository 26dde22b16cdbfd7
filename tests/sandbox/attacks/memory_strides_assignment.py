# tries: assigns the strides of an array
# verdict: refused or raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    a = pair.zeros()
    a.strides = (0, 0)
    return a
