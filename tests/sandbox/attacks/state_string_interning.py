# tries: shared small objects cannot be changed by ordinary means
# verdict: ok
def attend(query, key, pair):
    """All visible tokens count alike."""
    a = "x" * 3
    a += "y"
    return pair.zeros()
