# tries: returns an unfinished map that would run in the parent
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return map(len, query.text)
