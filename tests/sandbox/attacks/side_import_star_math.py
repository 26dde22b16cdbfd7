# tries: from math import * hides names (pow among them)
# verdict: refused or ok
from math import *


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return pair.zeros() + pow(2.0, 2.0)
