# tries: code after the function, when it has been defined
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros()


open("@CANARY@", "w").close()
