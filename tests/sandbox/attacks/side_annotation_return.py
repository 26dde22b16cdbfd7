# tries: the annotation of the return value
# verdict: ok or refused or raised
# contained: file
def helper(x) -> open("@CANARY@", "w").close():
    return x


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return pair.zeros()
