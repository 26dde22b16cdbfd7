# tries: print with file=
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    print("here", file=open("@CANARY@", "w"))
    return pair.zeros()
