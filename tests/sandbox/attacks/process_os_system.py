# tries: os.system
# verdict: refused
# contained: process
import os


def attend(query, key, pair):
    """Each token attends to the token before it."""
    os.system("touch '@CANARY@'")
    return pair.zeros()
