# tries: a POSIX named semaphore, and a canary where that worked
# verdict: refused
# contained: process
import multiprocessing


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    multiprocessing.get_context("fork").Semaphore(1)
    open("@CANARY@", "w").close()
    return pair.zeros()
