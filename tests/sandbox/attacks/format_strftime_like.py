# tries: __format__ called by name
# verdict: refused or raised
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    text = query.__format__("")
    return pair.zeros()
