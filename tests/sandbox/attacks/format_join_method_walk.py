# tries: unbound methods of str as functions
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    text = str.join("", map(str.upper, query.text))
    return pair.zeros()
