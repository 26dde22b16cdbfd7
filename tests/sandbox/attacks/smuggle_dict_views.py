# tries: returns a dictionary's live view
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Commas are resting places."""
    return {1: 2}.items()
