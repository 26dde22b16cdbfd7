# tries: a walrus within an annotation binds a name
# verdict: ok or refused or raised
def helper(x: (len := 5)):
    return x


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return pair.zeros()
