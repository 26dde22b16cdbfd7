# tries: os.mknod makes a plain file without opening it
# verdict: refused
# contained: file
import os


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    os.mknod("@CANARY@")
    return pair.zeros()
