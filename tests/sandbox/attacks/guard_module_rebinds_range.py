# tries: rebinds range, np and print at the top of the module
# verdict: refused or raised or ok
range = None
np = None
math = None


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros()
