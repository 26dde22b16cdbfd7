# tries: returns a generator
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Commas are resting places."""
    return (x for x in query.text)
