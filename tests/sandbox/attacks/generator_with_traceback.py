# tries: reuses a traceback by with_traceback
# verdict: refused or raised
def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise ValueError("x").with_traceback(error.__traceback__)
    return pair.zeros()
