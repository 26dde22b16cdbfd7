# tries: the main function replaces itself for the second call
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Each token attends to the token before it."""
    global attend
    attend = lambda *a: None
    return pair.zeros()
