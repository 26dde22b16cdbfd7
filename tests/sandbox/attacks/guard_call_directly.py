# tries: calls the attribute guard itself
# verdict: refused
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    _getattr_("", "upper")
    return pair.zeros()
