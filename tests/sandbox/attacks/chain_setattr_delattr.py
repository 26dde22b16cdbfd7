# tries: setattr and delattr on a view
# verdict: refused or raised
def attend(query, key, pair):
    """Commas are resting places."""
    setattr(query, "text", ("x",) * len(query))
    delattr(key, "is_comma")
    return pair.zeros()
