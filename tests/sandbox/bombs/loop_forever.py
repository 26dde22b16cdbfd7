# tries: an endless loop in Python
# verdict: timed out
def attend(query, key, pair):
    """Each token attends to the token before it."""
    while True:
        pass
    return pair.zeros()
