# tries: _thread.start_new_thread
# verdict: refused
# contained: process
import _thread
import time


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    _thread.start_new_thread(open, ("@CANARY@", "w"))
    time.sleep(0.2)
    return pair.zeros()
