# tries: looks for a half in a huge range, within one call
# verdict: timed out
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros() + (0.5 in range(10**12))
