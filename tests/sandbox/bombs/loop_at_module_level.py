# tries: an endless loop while the module is loaded
# verdict: timed out or refused
while len("x"):
    pass


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return pair.zeros()
