# tries: swallows MemoryError and asks again
# verdict: out of memory or timed out or refused
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    kept = []
    while True:
        try:
            kept.append("x" * 10**8)
        except MemoryError:
            pass
    return pair.zeros()
