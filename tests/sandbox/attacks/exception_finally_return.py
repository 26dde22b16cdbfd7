# tries: finally swallows an exception by return
# verdict: refused or raised or ok
def attend(query, key, pair):
    """All visible tokens count alike."""
    try:
        raise ValueError
    finally:
        return pair.zeros()
    return pair.zeros()
