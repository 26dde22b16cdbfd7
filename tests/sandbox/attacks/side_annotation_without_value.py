# tries: annotated names without a value, which make names local
# verdict: ok or refused or raised
def attend(query, key, pair):
    """Each token attends to the token before it."""
    len: int
    np: float
    return pair.zeros()
