# tries: forks twice so that the grandchild outlives the worker and writes later
# verdict: refused
# contained: process
import os
import time


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(0.3)
            os.close(os.open("@CANARY@", os.O_WRONLY | os.O_CREAT, 0o600))
        os._exit(0)
    os.waitpid(child, 0)
    return pair.zeros()
