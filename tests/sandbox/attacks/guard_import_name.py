# tries: an import under a guard's name
# verdict: refused
import math as _getattr_


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return pair.zeros()
