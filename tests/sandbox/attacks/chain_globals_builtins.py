# tries: globals()
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """The first token of the text is a sink."""
    b = globals()["__builtins__"]
    (b["open"] if isinstance(b, dict) else b.open)("@CANARY@", "w").close()
    return pair.zeros()
