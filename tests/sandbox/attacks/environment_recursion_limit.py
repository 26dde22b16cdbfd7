# tries: raises the recursion limit so that the stack can overflow
# verdict: refused
import sys


def attend(query, key, pair):
    """All visible tokens count alike."""
    sys.setrecursionlimit(10**9)
    return pair.zeros()
