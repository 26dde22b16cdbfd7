# tries: the annotation of a name at the top of the module is evaluated
# verdict: ok or refused or raised
# contained: file
LEVEL: open("@CANARY@", "w").close() = 1.0


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros()
