# tries: an assert that fails
# verdict: refused or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    assert False, query
    return pair.zeros()
