# tries: deletes np and len
# verdict: refused or raised or ok
import numpy as np


def attend(query, key, pair):
    """The first token of the text is a sink."""
    del np
    del len
    return pair.zeros()
