# tries: __self__ of a built-in function is the builtins module
# verdict: refused
# contained: file
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    len.__self__.open("@CANARY@", "w").close()
    return pair.zeros()
