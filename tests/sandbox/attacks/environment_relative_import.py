# tries: a relative import
# verdict: refused
from . import worker


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return pair.zeros()
