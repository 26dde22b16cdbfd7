# tries: __import__ by name
# verdict: refused
# contained: file
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    __import__("os").mkdir("@CANARY@")
    return pair.zeros()
