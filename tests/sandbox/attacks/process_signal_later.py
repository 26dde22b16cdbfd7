# tries: a signal handler that runs after the function has returned
# verdict: refused
# contained: process
import signal


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    signal.signal(signal.SIGALRM, lambda number, frame: open("@CANARY@", "w").close())
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    return pair.zeros()
