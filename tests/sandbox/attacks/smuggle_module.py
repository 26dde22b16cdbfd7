# tries: returns np
# verdict: raised or wrong shape
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return np
