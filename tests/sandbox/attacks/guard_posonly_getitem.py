# tries: CVE-2026-55830: a positional-only parameter called _getitem_
# verdict: refused
def helper(_getitem_, /, thing):
    return thing["x"]


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return helper(lambda thing, place: 1.0, query) + pair.zeros()
