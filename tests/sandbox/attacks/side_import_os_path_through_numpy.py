# tries: from numpy import os and sys as if they were functions
# verdict: refused
from numpy import os


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    os.mkdir("@CANARY@")
    return pair.zeros()
