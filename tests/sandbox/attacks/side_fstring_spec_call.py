# tries: a call within the width of an f-string
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    text = f"{1:{open('@CANARY@', 'w').close() or 3}}"
    return pair.zeros()
