# tries: an allowed and another module in one statement
# verdict: refused
# contained: file
import math, os, numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    os.mkdir("@CANARY@")
    return pair.zeros()
