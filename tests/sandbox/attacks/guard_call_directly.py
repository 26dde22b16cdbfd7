# tries: calls the attribute guard itself, then its function's globals
# verdict: refused
# contained: file
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    _getattr_("", "upper")
    return pair.zeros()
