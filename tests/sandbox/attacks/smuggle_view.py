# tries: returns a view itself
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    n = len(query)
    return query
