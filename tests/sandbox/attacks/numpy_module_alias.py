# tries: np under another name, then a forbidden function
# verdict: refused or raised
# contained: file
import numpy as np


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    module = np
    tools = [module][0]
    tools.savetxt("@CANARY@", [0.0])
    return pair.zeros()
