# tries: attributes in a nested format specification of an f-string
# verdict: refused
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    text = f"{1:{query.__class__}}"
    return pair.zeros()
