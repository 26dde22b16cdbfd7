# tries: a default argument of a helper that opens a file when it is defined
# verdict: refused or raised
# contained: file
def helper(x=open("@CANARY@", "w")):
    return x


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return pair.zeros()
