# tries: code in the body of a class
# verdict: refused
# contained: file
class Body:
    open("@CANARY@", "w").close()


def attend(query, key, pair):
    """Each token attends to the token before it."""
    return pair.zeros()
