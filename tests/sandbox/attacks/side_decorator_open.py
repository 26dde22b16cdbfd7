# tries: a decorator with an effect
# verdict: refused or raised
# contained: file
def opener(path):
    open(path, "w").close()
    return lambda f: f


@opener("@CANARY@")
def helper():
    return 1


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return pair.zeros()
