# tries: a with statement with a list of targets
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    with open("@SECRET@") as [a, b]:
        pass
    return pair.zeros()
