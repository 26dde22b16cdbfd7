# tries: prints two gigabytes, then returns
# verdict: ok or raised or refused or timed out or out of memory
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    for _ in range(2_000):
        print("x" * 1_000_000)
    return pair.zeros()
