# tries: notes on an exception
# verdict: refused or raised or ok
def attend(query, key, pair):
    """Each token attends to the token before it."""
    try:
        1 / 0
    except ZeroDivisionError as error:
        error.add_note("x" * 1000)
        raise
    return pair.zeros()
