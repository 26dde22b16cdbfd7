# tries: an encoding declaration that nobody knows, coding: no-such-codec
# verdict: refused or ok
def attend(query, key, pair):
    """Commas are resting places."""
    return pair.zeros()
