# tries: eval as the key of sorted
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Commas are resting places."""
    sorted(["open('@CANARY@', 'w').close() or 1"], key=eval)
    return pair.zeros()
