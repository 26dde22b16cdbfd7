# tries: attributes of built-in types
# verdict: refused or raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    list.append = None
    str.lower = len
    return pair.zeros()
