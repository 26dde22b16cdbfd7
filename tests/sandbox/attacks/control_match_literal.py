# tries: an ordinary match statement
# verdict: refused or ok
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    match len(query):
        case 1:
            x = 1
        case _:
            x = 2
    return pair.zeros() + x
