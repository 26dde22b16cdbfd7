# tries: nonlocal of an ordinary name
# verdict: refused or ok
def outer():
    x = 1

    def inner():
        nonlocal x
        x += 1
    inner()
    return x


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return pair.zeros() + outer()
