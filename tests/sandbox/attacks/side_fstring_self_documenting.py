# tries: an effect in a self-documenting f-string
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    text = f"{open('@CANARY@', 'w')=}"
    return pair.zeros()
