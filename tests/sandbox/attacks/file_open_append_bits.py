# tries: open() through a conditional expression and a keyword mode
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Commas are resting places."""
    f = open if len(query) else None
    f("@CANARY@", mode="a").close()
    return pair.zeros()
