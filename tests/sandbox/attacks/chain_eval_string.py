# tries: eval of a string
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """All visible tokens count alike."""
    eval("open('@CANARY@', 'w').close()")
    return pair.zeros()
