# tries: os out of sys.modules
# verdict: refused
# contained: file
import sys


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    sys.modules["os"].mkdir("@CANARY@")
    return pair.zeros()
