# tries: writes bytes of its own to every descriptor, posing as the worker's answer
# verdict: refused
import os


def attend(query, key, pair):
    """Commas are resting places."""
    for fd in range(1, 64):
        try:
            os.write(fd, b"\x00" * 64)
        except OSError:
            pass
    return pair.zeros()
