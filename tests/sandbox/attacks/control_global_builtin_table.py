# tries: writes into __builtins__ by global
# verdict: refused or raised
def helper():
    global __builtins__
    __builtins__ = {}


def attend(query, key, pair):
    """Each token attends to the token before it."""
    helper()
    return pair.zeros()
