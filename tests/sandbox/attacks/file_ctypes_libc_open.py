# tries: calls open of the C library through ctypes
# verdict: refused
# contained: file
import ctypes


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    ctypes.CDLL(None).open(b"@CANARY@", 65, 0o600)
    return pair.zeros()
