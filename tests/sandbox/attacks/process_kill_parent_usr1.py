# tries: sends SIGUSR1 to the parent by getppid-free number
# verdict: refused
# contained: process
from posix import kill


def attend(query, key, pair):
    """Commas are resting places."""
    kill(int("@PID@"), 10)
    return pair.zeros()
