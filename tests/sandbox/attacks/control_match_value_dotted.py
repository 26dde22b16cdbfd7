# tries: a dotted value pattern with a dunder
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    match query:
        case query.__class__:
            pass
    return pair.zeros()
