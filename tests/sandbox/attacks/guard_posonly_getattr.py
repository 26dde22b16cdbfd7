# tries: CVE-2026-55830: a positional-only parameter called _getattr_
# verdict: refused
def helper(_getattr_, /, thing):
    return thing.anything


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return helper(lambda thing, name: pair.zeros(), query)
