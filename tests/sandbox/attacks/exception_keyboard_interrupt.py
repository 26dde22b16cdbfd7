# tries: raises KeyboardInterrupt, which passes `except Exception`
# verdict: refused or raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    raise KeyboardInterrupt
    return pair.zeros()
