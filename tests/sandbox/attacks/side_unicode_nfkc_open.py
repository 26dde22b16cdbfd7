# tries: open in mathematical letters
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Each token attends to the token before it."""
    𝓸𝓹𝓮𝓷("@CANARY@", "w").close()
    return pair.zeros()
