# tries: the private _io module
# verdict: refused
# contained: file
import _io


def attend(query, key, pair):
    """All visible tokens count alike."""
    _io.open("@CANARY@", "w").close()
    return pair.zeros()
