# tries: a multiprocessing child writes the canary
# verdict: refused
# contained: process
import multiprocessing


def attend(query, key, pair):
    """Commas are resting places."""
    child = multiprocessing.get_context("fork").Process(target=open, args=("@CANARY@", "w"))
    child.start()
    child.join()
    return pair.zeros()
