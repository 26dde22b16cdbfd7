# tries: hasattr and getattr with a default as in cautious code
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Each token attends to the token before it."""
    save = getattr(np, "savetxt", None)
    if hasattr(np, "savetxt") and save is not None:
        save("@CANARY@", [0.0])
    return pair.zeros()
