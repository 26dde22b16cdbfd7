# tries: property, classmethod and staticmethod as functions
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    p = property(lambda self: open)
    return p.fget(query)("@CANARY@", "w")
