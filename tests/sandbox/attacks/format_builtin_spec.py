# tries: the format builtin with a hostile specification
# verdict: refused or raised
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    text = format(query, "{0.__class__}")
    return pair.zeros()
