# tries: nonlocal of a guard
# verdict: refused
def outer():
    _getattr_ = 1

    def inner():
        nonlocal _getattr_
        _getattr_ = 2
    inner()


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    outer()
    return pair.zeros()
