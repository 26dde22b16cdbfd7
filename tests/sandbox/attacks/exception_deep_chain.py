# tries: a chain of ten thousand exceptions
# verdict: refused or raised
def deeper(previous):
    raise ValueError("x") from previous


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    error = None
    for _ in range(10000):
        try:
            deeper(error)
        except ValueError as caught:
            error = caught
    raise error
    return pair.zeros()
