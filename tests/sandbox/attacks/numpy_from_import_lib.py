# tries: from numpy import lib, testing, ctypeslib
# verdict: refused or raised
from numpy import ctypeslib, lib, testing


def attend(query, key, pair):
    """All visible tokens count alike."""
    return [lib, testing, ctypeslib]
