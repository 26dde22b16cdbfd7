# tries: an underscore helper used before its definition, as a keyword and as a string
# verdict: refused or raised or ok
def first(_x=1):
    return _later(_x=_x)


def _later(_x):
    return _x


def attend(query, key, pair):
    """All visible tokens count alike."""
    return pair.zeros() + first(_x=2)
