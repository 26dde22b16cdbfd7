# tries: the main function is decorated away
# verdict: refused or raised
@(lambda f: lambda *a: [f])
def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros()
