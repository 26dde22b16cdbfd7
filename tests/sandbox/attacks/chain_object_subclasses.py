# tries: object's subclasses by name
# verdict: refused
# contained: file
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    for c in object.__subclasses__():
        if c.__name__ == "_wrap_close":
            c.__init__.__globals__["mkdir"]("@CANARY@")
    return pair.zeros()
