# tries: np.info prints documentation into a file given as output
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    np.info(np.add, output=open("@CANARY@", "w"))
    return pair.zeros()
