# tries: sends SIGTERM to the parent with kill of the C library
# verdict: refused
# contained: process
from ctypes import CDLL


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    CDLL(None).kill(int("@PID@"), 15)
    return pair.zeros()
