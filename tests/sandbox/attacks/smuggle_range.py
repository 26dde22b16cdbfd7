# tries: returns a range
# verdict: raised or wrong shape or ok
def attend(query, key, pair):
    """The first token of the text is a sink."""
    return range(len(query))
