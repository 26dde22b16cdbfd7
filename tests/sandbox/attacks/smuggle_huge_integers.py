# tries: returns whole numbers that no float holds
# verdict: raised or wrong shape or ok
def attend(query, key, pair):
    """The first token of the text is a sink."""
    return [[10**400] * len(query)] * len(query)
