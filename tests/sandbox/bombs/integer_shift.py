# tries: shifts a one far to the left
# verdict: timed out or out of memory or raised or refused
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    x = 1 << 10**11
    return pair.zeros() + x % 3
