# tries: a metaclass whose __new__ runs code
# verdict: refused
# contained: file
class Meta(type):
    def __new__(cls, *a):
        open("@CANARY@", "w").close()
        return type.__new__(cls, *a)


class Made(metaclass=Meta):
    pass


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return pair.zeros()
