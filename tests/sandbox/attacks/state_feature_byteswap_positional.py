# tries: swaps a feature's bytes in place with a positional argument
# verdict: refused or raised
def attend(query, key, pair):
    """Tokens attend within their sentence."""
    key.index.byteswap(True)
    return pair.zeros()
