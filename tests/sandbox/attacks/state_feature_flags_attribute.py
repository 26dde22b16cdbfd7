# tries: the same by the flags attribute
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    key.is_comma.flags.writeable = True
    key.is_comma[0] = 5.0
    return pair.zeros()
