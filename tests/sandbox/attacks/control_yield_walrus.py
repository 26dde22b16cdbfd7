# tries: receives values sent into a generator
# verdict: refused or raised or ok or wrong shape
def helper():
    x = yield 1
    while x:
        x = yield x


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    g = helper()
    next(g)
    return pair.zeros()
