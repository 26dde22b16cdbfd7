# tries: makes a class with type()
# verdict: refused or raised
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    Made = type("Made", (float,), {"__array__": lambda self, *a: None})
    return Made(1.0)
