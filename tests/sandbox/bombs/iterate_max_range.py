# tries: the largest of a million million numbers with a key
# verdict: timed out
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return pair.zeros() + max(range(10**12), key=lambda x: -x)
