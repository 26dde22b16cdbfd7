# tries: swaps the code of a function
# verdict: refused
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    f = lambda: 1
    f.__code__ = f.__code__.replace(co_consts=(None, 2))
    return pair.zeros() + f()
