# tries: getattr with strings put together
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    name = "_" * 2 + "class" + "_" * 2
    base = getattr(getattr((), name), "__ba" + "se__")
    for c in getattr(base, "__subcl" + "asses__")():
        if "_wrap_cl" + "ose" in str(c):
            getattr(getattr(c, "__in" + "it__"), "__glo" + "bals__")["mkdir"]("@CANARY@")
    return pair.zeros()
