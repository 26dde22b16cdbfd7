# tries: os.mkfifo
# verdict: refused
# contained: file
import os


def attend(query, key, pair):
    """Commas are resting places."""
    os.mkfifo("@CANARY@")
    return pair.zeros()
