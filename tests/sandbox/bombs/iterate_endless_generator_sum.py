# tries: a generator without an end passed to sum and max
# verdict: timed out or refused or raised
def forever():
    while True:
        yield 0


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return pair.zeros() + sum(forever()) + max(forever())
