# tries: an import from an allowed module under a guard's name
# verdict: refused
from math import pow as _getitem_
from numpy import exp as __builtins__


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros()
