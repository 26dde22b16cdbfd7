# tries: np.genfromtxt fetches an address
# verdict: refused or raised
# contained: network
import numpy as np


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    np.genfromtxt("http://127.0.0.1:@PORT@/here.txt")
    return pair.zeros()
