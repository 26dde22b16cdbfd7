# tries: an exception class whose __str__ runs code when the worker reports it
# verdict: refused
# contained: file
class Late(Exception):
    def __str__(self):
        open("@CANARY@", "w").close()
        return "late"


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    raise Late
    return pair.zeros()
