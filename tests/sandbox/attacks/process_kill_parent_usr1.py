# tries: sends SIGUSR1 to the parent , by number, through the posix module
# verdict: refused
# contained: process
from posix import kill


def attend(query, key, pair):
    """Commas are resting places."""
    kill(int("@PID@"), 10)
    return pair.zeros()
