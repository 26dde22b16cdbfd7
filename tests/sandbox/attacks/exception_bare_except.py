# tries: a bare except swallows everything
# verdict: refused or ok
def attend(query, key, pair):
    """Each token attends to the token before it."""
    try:
        undefined_name_here
    except:
        pass
    return pair.zeros()
