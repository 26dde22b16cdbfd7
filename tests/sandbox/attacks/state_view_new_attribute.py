# tries: keeps a thing on a view until the next call
# verdict: refused or raised
def attend(query, key, pair):
    """All visible tokens count alike."""
    pair.memory = [1, 2, 3]
    return pair.zeros()
