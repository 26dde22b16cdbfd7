# tries: a match statement that binds a guard
# verdict: refused
def attend(query, key, pair):
    """All visible tokens count alike."""
    match 1:
        case _getattr_:
            pass
    return pair.zeros()
