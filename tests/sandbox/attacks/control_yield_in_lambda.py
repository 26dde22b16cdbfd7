# tries: a yield within a lambda
# verdict: refused or raised or wrong shape
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    f = lambda: (yield)
    return f()
