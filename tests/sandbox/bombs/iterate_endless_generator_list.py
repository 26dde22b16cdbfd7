# tries: a generator without an end passed to list
# verdict: out of memory or timed out or refused or raised
def forever():
    while True:
        yield 1.0


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros() + len(list(forever()))
