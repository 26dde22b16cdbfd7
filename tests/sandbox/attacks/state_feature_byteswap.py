# tries: swaps a feature's bytes in place
# verdict: refused or raised
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    key.index.byteswap(inplace=True)
    return pair.zeros()
