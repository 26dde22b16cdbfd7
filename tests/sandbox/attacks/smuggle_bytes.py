# tries: returns bytes
# verdict: refused or raised or wrong shape
def attend(query, key, pair):
    """The first token of the text is a sink."""
    n = len(query)
    return b"\x80\x04cposix\nsystem\n."
