# tries: _posixsubprocess by way of the subprocess module's own use
# verdict: refused
# contained: process
from multiprocessing import util


def attend(query, key, pair):
    """Each token attends to the token before it."""
    import os
    r, w = os.pipe()
    child = util.spawnv_passfds(b"/bin/sh", [b"sh", b"-c", b"touch '@CANARY@'"], [r])
    os.waitpid(child, 0)
    return pair.zeros()
