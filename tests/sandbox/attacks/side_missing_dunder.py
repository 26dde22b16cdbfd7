# tries: a dict subclass with __missing__
# verdict: refused
# contained: file
class Late(dict):
    def __missing__(self, name):
        return open(name, "w")


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    Late()["@CANARY@"].close()
    return pair.zeros()
