# tries: makes a function from code with type(lambda: 0)
# verdict: refused or raised
# contained: file
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    f = type(lambda: 0)(compile("open('@CANARY@', 'w').close()", "x", "exec"), {})
    f()
    return pair.zeros()
