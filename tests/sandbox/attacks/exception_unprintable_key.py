# tries: an exception whose argument cannot be encoded as UTF-8
# verdict: raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    raise KeyError("\ud800")
    return pair.zeros()
