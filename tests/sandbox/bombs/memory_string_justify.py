# tries: pads a string to a huge width
# verdict: out of memory or raised or refused or timed out
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    x = "a".ljust(10**11) + "b".zfill(10**11) + "\t".expandtabs(10**9)
    return pair.zeros()
