# tries: the same by an item of the flags
# verdict: refused or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    flags = key.is_comma.flags
    flags["WRITEABLE"] = True
    key.is_comma[0] = 5.0
    return pair.zeros()
