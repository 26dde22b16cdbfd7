# tries: np as a default argument of a helper, then savetxt
# verdict: refused or raised
# contained: file
import numpy as np


def helper(tools=np):
    tools.savetxt("@CANARY@", [0.0])


def attend(query, key, pair):
    """All visible tokens count alike."""
    helper()
    return pair.zeros()
