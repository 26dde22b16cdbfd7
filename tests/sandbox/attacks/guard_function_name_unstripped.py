# tries: names that become a guard's when one underscore is taken off or put on
# verdict: refused or ok
def __getattr_(thing, name):
    return 1.0


def __write_(thing):
    return thing


def getattr_(thing, name):
    return 2.0


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return pair.zeros() + len(query.text)
