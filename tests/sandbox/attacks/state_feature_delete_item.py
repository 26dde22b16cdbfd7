# tries: deletes an item of a feature
# verdict: refused or raised
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    del key.is_comma[0]
    return pair.zeros()
