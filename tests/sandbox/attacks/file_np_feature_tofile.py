# tries: tofile on an array that pair.zeros() gives
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Each token attends to the token before it."""
    pair.zeros().tofile("@CANARY@")
    return pair.zeros()
