# tries: the loader of the math module loads others
# verdict: refused
# contained: file
import math


def attend(query, key, pair):
    """Commas are resting places."""
    math.__loader__.load_module("posix").mkdir("@CANARY@")
    return pair.zeros()
