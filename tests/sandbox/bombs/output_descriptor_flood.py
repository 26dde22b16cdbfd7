# tries: writes to the descriptors of the worker for ever
# verdict: refused or timed out or raised
import os


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    while True:
        for fd in (1, 2):
            os.write(fd, b"x" * 65536)
    return pair.zeros()
