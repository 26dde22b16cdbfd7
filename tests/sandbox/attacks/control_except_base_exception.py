# tries: catches BaseException once and goes on
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    try:
        1 / 0
    except BaseException:
        pass
    return pair.zeros()
