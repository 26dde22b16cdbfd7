# tries: frees a structure nested three million deep
# verdict: ok or crashed or raised or timed out
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    x = None
    for i in range(3_000_000):
        x = (x,) if i % 2 else [x]
    x = None
    return pair.zeros()
