# tries: sets a limit of the parent to what it is, and leaves a canary where that worked
# verdict: refused
# contained: process
import resource


def attend(query, key, pair):
    """Commas are resting places."""
    before = resource.prlimit(int("@PID@"), resource.RLIMIT_NOFILE)
    resource.prlimit(int("@PID@"), resource.RLIMIT_NOFILE, before)
    open("@CANARY@", "w").close()
    return pair.zeros()
