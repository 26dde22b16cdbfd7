# tries: sends SIGTERM to the parent
# verdict: refused
# contained: process
import os
import signal


def attend(query, key, pair):
    """The first token of the text is a sink."""
    os.kill(int("@PID@"), signal.SIGTERM)
    return pair.zeros()
