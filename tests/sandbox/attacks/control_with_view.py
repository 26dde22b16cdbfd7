# tries: a with statement on a view
# verdict: refused or raised
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    with query as q:
        pass
    return pair.zeros()
