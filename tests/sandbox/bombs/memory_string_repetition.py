# tries: repeats a string to a hundred gigabytes
# verdict: out of memory or raised or timed out
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    x = "attention" * 10**10
    return pair.zeros() + len(x)
