# tries: a decorator that is any expression
# verdict: refused or raised
@[len][0:][0]
def helper():
    return 1


@(lambda f: 3)
def other():
    return 1


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros() + other
