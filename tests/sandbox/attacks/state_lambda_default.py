# tries: a mutable default argument of a lambda at the top of the module
# verdict: refused or raised or ok
COUNT = lambda store={}: store.setdefault("n", [])


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    COUNT().append(1)
    return pair.zeros()
