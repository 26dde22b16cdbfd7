# tries: the caller's globals by way of sys._getframe
# verdict: refused
# contained: file
import sys


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    sys._getframe(0).f_builtins["open"]("@CANARY@", "w").close()
    return pair.zeros()
