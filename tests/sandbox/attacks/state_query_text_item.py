# tries: assigns an item of query.text
# verdict: refused or raised
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    query.text[0] = "other"
    return pair.zeros()
