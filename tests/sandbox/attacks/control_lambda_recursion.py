# tries: a lambda that calls itself by passing itself
# verdict: ok or refused or raised
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    f = lambda g, x: 0 if x <= 0 else g(g, x - 1)
    return pair.zeros() + f(f, 40)
