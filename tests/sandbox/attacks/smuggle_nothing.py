# tries: has no return at all
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Each token attends to the token before it."""
    for x in query.text:
        x.lower()
