# tries: __globals__ of the function itself
# verdict: refused
# contained: file
def attend(query, key, pair):
    """The first token of the text is a sink."""
    attend.__globals__["__builtins__"]
    b = attend.__globals__["__builtins__"]
    (b["open"] if isinstance(b, dict) else b.open)("@CANARY@", "w").close()
    return pair.zeros()
