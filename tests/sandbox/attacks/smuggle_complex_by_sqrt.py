# tries: complex scores by a power of a negative number
# verdict: raised or wrong shape
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros() + (-2.0) ** 0.5
