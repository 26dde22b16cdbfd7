# tries: an underscore helper whose renamed form may meet a name that exists
# verdict: refused or ok
def _open(path):
    return path


def _eval(text):
    return text


def _len(thing):
    return 1


def attend(query, key, pair):
    """Closing brackets attend to opening ones."""
    return pair.zeros() + len(query.text) + len(_open("@CANARY@")) * 0.0
