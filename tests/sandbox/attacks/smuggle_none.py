# tries: returns None
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    n = len(query)
    return None
