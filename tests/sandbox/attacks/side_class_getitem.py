# tries: __class_getitem__ of a class in an annotation
# verdict: refused
# contained: file
class Hint:
    def __class_getitem__(cls, item):
        open("@CANARY@", "w").close()


def helper(x: Hint[int]):
    return x


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return pair.zeros()
