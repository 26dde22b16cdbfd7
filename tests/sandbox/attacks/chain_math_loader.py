# tries: from the spec of the math module to the globals of the import system
# verdict: refused
# contained: file
import math


def attend(query, key, pair):
    """Commas are resting places."""
    math.__spec__.__init__.__globals__["_bootstrap_external"]._os.mkdir("@CANARY@")
    return pair.zeros()
