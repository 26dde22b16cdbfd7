# tries: typing.ForwardRef evaluates a string
# verdict: refused
# contained: file
import typing


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    typing.ForwardRef("open('@CANARY@', 'w').close() or int")._evaluate({}, {}, recursive_guard=frozenset())
    return pair.zeros()
