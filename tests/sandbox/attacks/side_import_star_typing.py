# tries: from typing import *
# verdict: refused or ok
from typing import *


def attend(query, key, pair):
    """Commas are resting places."""
    return pair.zeros()
