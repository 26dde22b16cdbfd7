# tries: capture patterns that rebind names of the runtime
# verdict: refused or ok
def attend(query, key, pair):
    """Commas are resting places."""
    match {"a": 1}:
        case {"a": len, **np}:
            pass
    return pair.zeros()
