# tries: codecs.open
# verdict: refused
# contained: file
import codecs


def attend(query, key, pair):
    """The first token of the text is a sink."""
    codecs.open("@CANARY@", "w", "utf-8").close()
    return pair.zeros()
