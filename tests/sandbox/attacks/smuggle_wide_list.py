# tries: returns a flat list of a million numbers
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Commas are resting places."""
    return [0.0] * 1_000_000
