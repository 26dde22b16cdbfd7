# tries: returns a built-in function
# verdict: raised or wrong shape
def attend(query, key, pair):
    """The first token of the text is a sink."""
    return len
