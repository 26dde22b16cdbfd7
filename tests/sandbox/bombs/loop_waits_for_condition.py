# tries: waits for a feature that never changes
# verdict: timed out
def attend(query, key, pair):
    """All visible tokens count alike."""
    while not key.is_comma[0] > 5:
        z = pair.zeros()
    return pair.zeros()
