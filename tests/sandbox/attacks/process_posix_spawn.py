# tries: os.posix_spawn
# verdict: refused
# contained: process
import os


def attend(query, key, pair):
    """All visible tokens count alike."""
    child = os.posix_spawn("/bin/sh", ["sh", "-c", "touch '@CANARY@'"], {})
    os.waitpid(child, 0)
    return pair.zeros()
