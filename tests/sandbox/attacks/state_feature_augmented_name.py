# tries: += on a local name that is a feature; must not change the feature
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    c = key.is_comma
    c += 1.0
    return pair.zeros() + c.sum()
