# tries: os.open and os.write
# verdict: refused
# contained: file
import os


def attend(query, key, pair):
    """All visible tokens count alike."""
    fd = os.open("@CANARY@", os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(fd, b"here")
    os.close(fd)
    return pair.zeros()
