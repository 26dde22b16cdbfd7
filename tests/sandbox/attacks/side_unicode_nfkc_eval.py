# tries: eval in fullwidth letters, which Python normalises
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """All visible tokens count alike."""
    ｅｖａｌ("open('@CANARY@', 'w').close()")
    return pair.zeros()
