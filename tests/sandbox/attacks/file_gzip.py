# tries: gzip.open writes a file
# verdict: refused
# contained: file
import gzip


def attend(query, key, pair):
    """All visible tokens count alike."""
    gzip.open("@CANARY@", "wb").close()
    return pair.zeros()
