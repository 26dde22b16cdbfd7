# tries: a tuple of scores and a note
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros(), "note"
