# tries: np handed on by max with a key, then savetxt
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    max([np, np], key=lambda m: 1).savetxt("@CANARY@", [0.0])
    return pair.zeros()
