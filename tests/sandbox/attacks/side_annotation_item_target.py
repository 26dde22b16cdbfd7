# tries: the annotation of an item is evaluated, as it is no plain name
# verdict: refused or raised or ok
# contained: file
TABLE = [0.0]
TABLE[0]: open("@CANARY@", "w").close() = 1.0


def attend(query, key, pair):
    """All visible tokens count alike."""
    return pair.zeros()
