# tries: star and mapping patterns that bind guards
# verdict: refused
def attend(query, key, pair):
    """Each token attends to the token before it."""
    match [1, {"a": 2}]:
        case [*_getiter_]:
            pass
    return pair.zeros()
