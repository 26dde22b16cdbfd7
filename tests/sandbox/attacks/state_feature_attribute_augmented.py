# tries: augmented assignment to the attribute itself
# verdict: refused or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    key.is_comma += 1
    return pair.zeros()
