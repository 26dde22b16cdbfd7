# tries: returns the tuple of texts
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Commas are resting places."""
    return query.text
