# tries: a call with star arguments and double-star keywords
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    open(*["@CANARY@"], **{"mode": "w"}).close()
    return pair.zeros()
