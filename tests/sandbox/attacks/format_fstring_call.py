# tries: a call inside an f-string
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    text = f"{open('@CANARY@', 'w').close()!r:>{10}}"
    return pair.zeros()
