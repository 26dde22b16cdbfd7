# tries: a walrus inside a comprehension that keeps open
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Each token attends to the token before it."""
    x = [(f := open) for _ in [1]]
    f("@CANARY@", "w").close()
    return pair.zeros()
