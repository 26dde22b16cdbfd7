# tries: pathlib.Path.touch, imported under the name of an allowed module
# verdict: refused
# contained: file
import pathlib as math


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    math.Path("@CANARY@").touch()
    return pair.zeros()
