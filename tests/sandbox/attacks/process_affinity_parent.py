# tries: sets the parent's processor affinity to what it is, and leaves a canary where that worked
# verdict: refused
# contained: process
import os


def attend(query, key, pair):
    """The first token of the text is a sink."""
    os.sched_setaffinity(int("@PID@"), os.sched_getaffinity(int("@PID@")))
    open("@CANARY@", "w").close()
    return pair.zeros()
