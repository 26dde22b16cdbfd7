# tries: all() over things that are always true
# verdict: timed out
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return pair.zeros() + all(x >= 0 for x in range(10**12))
