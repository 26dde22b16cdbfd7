# tries: the default of a keyword-only argument
# verdict: refused or raised
# contained: file
def helper(*, x=open("@CANARY@", "w")):
    return x


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return pair.zeros()
