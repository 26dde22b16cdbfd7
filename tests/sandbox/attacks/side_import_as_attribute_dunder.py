# tries: dunder names from an allowed module
# verdict: refused
from math import __loader__ as loader


def attend(query, key, pair):
    """All visible tokens count alike."""
    return loader.load_module("posix")
