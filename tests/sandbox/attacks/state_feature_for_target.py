# tries: an item of a feature as a loop variable
# verdict: refused or raised
def attend(query, key, pair):
    """Each token attends to the token before it."""
    for key.is_comma[0] in [9.0]:
        pass
    return pair.zeros()
