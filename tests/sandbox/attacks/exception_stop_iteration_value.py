# tries: StopIteration.value
# verdict: refused or raised or wrong shape
def walk():
    yield 1
    return len


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    g = walk()
    try:
        while True:
            next(g)
    except StopIteration as error:
        return error.value
    return pair.zeros()
