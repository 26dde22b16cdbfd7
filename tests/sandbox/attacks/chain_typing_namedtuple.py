# tries: makes a class with typing.NamedTuple
# verdict: refused or raised
from typing import NamedTuple


def attend(query, key, pair):
    """The first token of the text is a sink."""
    Point = NamedTuple("Point", [("x", int)])
    return pair.zeros() + Point(1).x
