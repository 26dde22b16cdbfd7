# tries: an endless loop that swallows Exception
# verdict: timed out or refused
def attend(query, key, pair):
    """Commas are resting places."""
    while True:
        try:
            while True:
                x = 1 / 1
        except Exception:
            pass
    return pair.zeros()
