# tries: returns an exception instead of raising it
# verdict: raised or wrong shape
def attend(query, key, pair):
    """All visible tokens count alike."""
    n = len(query)
    return ValueError("x")
