# tries: opens a file while the module is loaded, before any call
# verdict: refused or raised
# contained: file
MARK = open("@CANARY@", "w")


def attend(query, key, pair):
    """All visible tokens count alike."""
    return pair.zeros()
