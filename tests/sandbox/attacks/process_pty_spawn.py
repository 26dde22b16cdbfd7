# tries: pty.fork
# verdict: refused
# contained: process
import os
import pty


def attend(query, key, pair):
    """The first token of the text is a sink."""
    child, fd = pty.fork()
    if child == 0:
        os.execv("/bin/sh", ["sh", "-c", "touch '@CANARY@'"])
    os.waitpid(child, 0)
    return pair.zeros()
