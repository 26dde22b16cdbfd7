# tries: |= and &= on masks
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    c = key.is_comma
    c |= key.is_first
    c &= key.is_last if False else key.is_first
    return pair.zeros()
