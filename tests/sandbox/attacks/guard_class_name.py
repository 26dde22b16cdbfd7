# tries: a class called _write_
# verdict: refused
class _write_:
    pass


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return pair.zeros()
