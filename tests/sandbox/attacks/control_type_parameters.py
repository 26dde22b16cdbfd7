# tries: the type statement and type parameters of Python 3.12
# verdict: refused
type Alias[_getattr_] = open("@CANARY@", "w")


def helper[_write_](x):
    return x


def attend(query, key, pair):
    """Repeated tokens attend to their earlier occurrences."""
    return pair.zeros()
