# tries: raises GeneratorExit
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    raise GeneratorExit("x")
    return pair.zeros()
