# tries: a default argument of the main function
# verdict: refused
# contained: file
def attend(query, key, pair, x=open("@CANARY@", "w")):
    """Each token attends to the token before it."""
    return pair.zeros()
