# tries: from typing import sys
# verdict: refused or raised
# contained: file
from typing import List, sys as tools


def attend(query, key, pair):
    """Each token attends to the token before it."""
    tools.modules["posix"].mkdir("@CANARY@")
    return pair.zeros()
