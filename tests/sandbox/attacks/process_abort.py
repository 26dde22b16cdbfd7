# tries: aborts the worker
# verdict: refused
import os


def attend(query, key, pair):
    """All visible tokens count alike."""
    os.abort()
    return pair.zeros()
