# tries: bodies that are empty once imports are dropped
# verdict: ok or refused or raised
def helper():
    import numpy as np


if True:
    from typing import List


def attend(query, key, pair):
    """Commas are resting places."""
    helper()
    return pair.zeros()
