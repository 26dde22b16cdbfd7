# tries: __builtins__ as a name
# verdict: refused
# contained: file
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    b = __builtins__
    (b["open"] if isinstance(b, dict) else b.open)("@CANARY@", "w").close()
    return pair.zeros()
