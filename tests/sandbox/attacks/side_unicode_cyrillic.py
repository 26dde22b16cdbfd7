# tries: a Cyrillic look-alike of a feature's name, which is another name
# verdict: refused or raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return key.is_соmma + pair.zeros()
