# tries: a signal handler that runs between any two instructions, after the return too
# verdict: refused
# contained: process
import signal
import time


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    signal.signal(signal.SIGALRM, lambda number, frame: open("@CANARY@", "w").close())
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    time.sleep(0.1)
    return pair.zeros()
