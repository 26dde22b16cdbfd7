# tries: open() without a with statement, handle kept in a list
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """The first token of the text is a sink."""
    handles = [open("@CANARY@", "wb")]
    handles[0].write(b"here")
    return pair.zeros()
