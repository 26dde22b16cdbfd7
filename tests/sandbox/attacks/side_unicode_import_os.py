# tries: import os with a fullwidth o
# verdict: refused
# contained: file
import ｏs


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    os.mkdir("@CANARY@")
    return pair.zeros()
