# tries: prints for ever
# verdict: timed out or raised or refused or out of memory
def attend(query, key, pair):
    """Commas are resting places."""
    while True:
        print("x" * 1000)
    return pair.zeros()
