# tries: the sys module lies inside the typing module
# verdict: refused or raised
# contained: file
import typing


def attend(query, key, pair):
    """All visible tokens count alike."""
    typing.sys.modules["posix"].mkdir("@CANARY@")
    return pair.zeros()
