# tries: __context__ and __cause__ of an exception
# verdict: refused
def attend(query, key, pair):
    """Names are attended to by pronouns."""
    try:
        try:
            1 / 0
        except ZeroDivisionError as e:
            raise ValueError from e
    except ValueError as error:
        return error.__cause__.__traceback__
    return pair.zeros()
