# tries: os.mkdir
# verdict: refused
# contained: file
from os import mkdir


def attend(query, key, pair):
    """The first token of the text is a sink."""
    mkdir("@CANARY@")
    return pair.zeros()
