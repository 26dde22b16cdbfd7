# tries: rebinds len for the whole module with global
# verdict: refused or raised or ok
def helper():
    global len
    len = lambda thing: 10**6


def attend(query, key, pair):
    """All visible tokens count alike."""
    helper()
    return pair.zeros()
