# tries: np out of a dictionary, a tuple and a conditional expression, then savetxt
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    ({"m": (np,)}["m"][0] if query is not None else None).savetxt("@CANARY@", [0.0])
    return pair.zeros()
