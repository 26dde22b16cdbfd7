# tries: complex scores
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return pair.zeros() + 1j
