# tries: a walrus that binds a guard
# verdict: refused
def attend(query, key, pair):
    """Each token attends to the token before it."""
    if (_getattr_ := (lambda thing, name: None)):
        pass
    return pair.zeros()
