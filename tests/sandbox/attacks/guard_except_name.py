# tries: an exception bound to a guard's name
# verdict: refused
def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    try:
        1 / 0
    except ZeroDivisionError as _write_:
        pass
    return pair.zeros()
