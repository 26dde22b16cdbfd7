# tries: forks; the child writes the canary
# verdict: refused
# contained: process
import os


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    child = os.fork()
    if child == 0:
        os.close(os.open("@CANARY@", os.O_WRONLY | os.O_CREAT, 0o600))
        os._exit(0)
    os.waitpid(child, 0)
    return pair.zeros()
