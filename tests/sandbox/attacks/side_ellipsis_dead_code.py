# tries: forbidden code after return
# verdict: refused
def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros()
    import os
    os.mkdir("@CANARY@")
