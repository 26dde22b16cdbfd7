# tries: kills the worker itself with SIGKILL
# verdict: refused
import os


def attend(query, key, pair):
    """Each token attends to the token before it."""
    os.kill(os.getpid(), 9)
    return pair.zeros()
