# tries: raises BaseException itself
# verdict: refused or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    raise BaseException("x")
    return pair.zeros()
