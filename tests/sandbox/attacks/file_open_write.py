# tries: open() a new file for writing
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Each token attends to the token before it."""
    with open("@CANARY@", "w") as handle:
        handle.write("here")
    return pair.zeros()
