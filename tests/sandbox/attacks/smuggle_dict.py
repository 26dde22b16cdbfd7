# tries: returns a dictionary
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return {0: pair.zeros()}
