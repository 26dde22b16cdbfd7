# tries: the annotation of an argument opens a file when the function is defined
# verdict: ok or refused or raised
# contained: file
def helper(x: open("@CANARY@", "w")):
    return x


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return pair.zeros()
