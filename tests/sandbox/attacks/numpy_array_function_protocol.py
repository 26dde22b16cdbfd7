# tries: an object with __array__ and __array_ufunc__
# verdict: refused
# contained: file
class Late:
    def __array__(self, *a, **k):
        open("@CANARY@", "w").close()
        return [[0.0]]


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return Late()
