# tries: a zero-width space within a name
# verdict: refused
def attend(query, key, pair):
    """All visible tokens count alike."""
    n = len(query)
    return key.is_​comma
