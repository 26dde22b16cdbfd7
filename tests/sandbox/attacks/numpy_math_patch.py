# tries: math.exp = something else
# verdict: refused or raised
import math


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    math.exp = lambda x: 0.0
    return pair.zeros()
