# tries: squares a whole number again and again
# verdict: timed out or out of memory or raised or refused
def attend(query, key, pair):
    """Commas are resting places."""
    x = 3
    while True:
        x = x * x
    return pair.zeros()
