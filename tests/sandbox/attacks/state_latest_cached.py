# tries: writes into what pair.latest returned, in case it is kept for the next call
# verdict: refused or raised or ok
def attend(query, key, pair):
    """All visible tokens count alike."""
    l = pair.latest(key.is_comma)
    l[0, 0] = 5.0
    return pair.zeros()
