# tries: the builtins module
# verdict: refused
# contained: file
import builtins


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    builtins.open("@CANARY@", "w").close()
    return pair.zeros()
