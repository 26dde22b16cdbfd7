# tries: partitions a feature in place
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    key.length.partition(0)
    return pair.zeros()
