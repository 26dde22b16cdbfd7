# tries: a class with operators
# verdict: refused
# contained: file
class Number:
    def __add__(self, other):
        return open


def attend(query, key, pair):
    """Names are attended to by pronouns."""
    return (Number() + 1)("@CANARY@", "w")
