# tries: dunder attributes through match patterns
# verdict: refused
# contained: file
def attend(query, key, pair):
    """The first token of the text is a sink."""
    match attend:
        case object(__globals__=g):
            b = g["__builtins__"]
            (b["open"] if isinstance(b, dict) else b.open)("@CANARY@", "w").close()
    return pair.zeros()
