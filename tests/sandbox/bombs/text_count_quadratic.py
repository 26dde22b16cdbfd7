# tries: a search that compares a long needle at every place, again and again
# verdict: timed out or ok
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    hay = "a" * 2_000_000
    needle = "a" * 1_000_000 + "b"
    found = 0
    for _ in range(2000):
        found += hay.replace("a", "ab").find(needle)
    return pair.zeros() + found * 0.0
