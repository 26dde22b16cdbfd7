# tries: positional-only guards in a lambda
# verdict: refused
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    f = lambda _write_, _getattr_, /: query
    f(1, 2)
    return pair.zeros()
