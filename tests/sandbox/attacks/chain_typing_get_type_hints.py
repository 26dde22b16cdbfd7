# tries: typing.get_type_hints evaluates annotations that are strings
# verdict: refused or raised
# contained: file
from typing import get_type_hints


def helper(x: "open('@CANARY@', 'w').close() or int"):
    return x


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    get_type_hints(helper)
    return pair.zeros()
