# tries: an import in a branch that looks dead
# verdict: refused
# contained: file
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    if len(query) < 0 or True:
        import os
        os.mkdir("@CANARY@")
    return pair.zeros()
