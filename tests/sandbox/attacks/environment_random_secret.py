# tries: randomness from outside
# verdict: refused
import secrets


def attend(query, key, pair):
    """The first token of the text is a sink."""
    return pair.zeros() + secrets.randbelow(100)
